//! From a model's JSON to a snapshot and the shape of the shared segment.

use std::fs;

use gateway_core::{
    credentials::key_lines,
    metrics::Layout,
    model::Model,
    rate_limit::Table,
    revocation::Revocations,
    snapshot::{ConsumersBuilder, ModelError, Snapshot},
};

use crate::{
    listener_tls::{self, IdentityRules},
    shm::SegmentShape,
};

/// Routes that have metrics of their own; those behind them share one.
pub(crate) const ROUTES_COUNTED_MAX: usize = 1000;

/// A configuration, ready to be used.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) model: Model,
    pub(crate) snapshot: Snapshot,
}

/// The API keys of every file that the model names, one after the other.
///
/// # Errors
///
/// Files that can't be read, or hold something else.
fn read_key_files(model: &Model) -> Result<String, Vec<ModelError>> {
    let mut text = String::new();
    let mut errors = Vec::new();
    for (index, path) in model.api_key_files.iter().enumerate() {
        let added = fs::read_to_string(path)
            .map_err(|error| format!("{path}: {error}"))
            .and_then(|file| check_keys(path, &file).map(|()| file));
        match added {
            Ok(file) => {
                text.push_str(&file);
                text.push('\n');
            }
            Err(message) => errors.push(error_at(&format!("apiKeyFiles.{index}"), message)),
        }
    }
    if errors.is_empty() { Ok(text) } else { Err(errors) }
}

/// Compiles the model with the API keys in `keys`, as [`read_key_files`] gave them.
///
/// # Errors
///
/// Everything found wrong, by the path of the field.
pub(crate) fn load(model: Model, keys: &str) -> Result<Loaded, Vec<ModelError>> {
    let snapshot = compile(&model, keys)?;
    Ok(Loaded { model, snapshot })
}

/// A model with the API keys in the files that it names.
///
/// # Errors
///
/// What is wrong with the model, or with the files if that is nothing.
pub(crate) fn load_with_files(model_json: &str) -> Result<(Loaded, String), Vec<ModelError>> {
    let model = parse(model_json)?;
    let keys = read_key_files(&model)?;
    Ok((load(model, &keys)?, keys))
}

fn compile(model: &Model, keys: &str) -> Result<Snapshot, Vec<ModelError>> {
    let mut consumers = ConsumersBuilder::default();
    for (_, line) in key_lines(keys) {
        line.map_err(|error| error.to_string())
            .and_then(|key| {
                consumers.add(key.consumer, key.tenant, Some((key.digest, key.expires_at_s)))
            })
            .map_err(|message| vec![error_at("apiKeyFiles", message)])?;
    }
    Snapshot::compile(model, consumers)
}

/// Everything that is wrong with a model, the files that it names included.
pub(crate) fn check(model_json: &str) -> Vec<ModelError> {
    let model = match parse(model_json) {
        Ok(model) => model,
        Err(errors) => return errors,
    };
    let (keys, mut errors) = match read_key_files(&model) {
        Ok(keys) => (keys, Vec::new()),
        Err(errors) => (String::new(), errors),
    };
    errors.extend(compile(&model, &keys).err().unwrap_or_default());
    // Any secret will do where nothing is encrypted with it.
    errors.extend(listener_tls::load(&model, [1; 32]).err().unwrap_or_default());
    errors.extend(IdentityRules::compile(&model, |_| None).err().unwrap_or_default());
    errors
}

/// A model as the control plane hands it over.
///
/// # Errors
///
/// When it is none.
pub(crate) fn parse(model_json: &str) -> Result<Model, Vec<ModelError>> {
    serde_json::from_str(model_json)
        .map_err(|error| vec![error_at("", format!("the model does not fit: {error}"))])
}

fn check_keys(path: &str, text: &str) -> Result<(), String> {
    match key_lines(text).find_map(|(number, line)| Some((number, line.err()?))) {
        Some((number, error)) => Err(format!("{path}:{number}: {error}")),
        None => Ok(()),
    }
}

fn error_at(path: &str, message: String) -> ModelError {
    ModelError { path: path.to_owned(), message }
}

/// Which metrics there are under this configuration.
pub(crate) fn metrics_layout(snapshot: &Snapshot) -> Layout {
    Layout::new(snapshot.routes.len().min(ROUTES_COUNTED_MAX), snapshot.upstreams.len())
}

/// What the shared segment has to hold under this configuration.
pub(crate) fn segment_shape(loaded: &Loaded) -> SegmentShape {
    SegmentShape {
        workers: loaded.model.workers,
        metrics_words: metrics_layout(&loaded.snapshot).words(),
        dense_words: loaded.snapshot.dense_cells,
        table_words: Table::words(loaded.model.limits.rate_limit_keys_max),
        revocation_words: Revocations::words(loaded.model.revocations.max),
    }
}

/// What to say when only one thing can be said.
pub(crate) fn first(errors: &[ModelError]) -> String {
    errors.first().map_or_else(String::new, |error| format!("{}: {}", error.path, error.message))
}
