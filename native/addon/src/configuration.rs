//! From a model's JSON to a snapshot and the shape of the shared segment.

use std::fs;

use gateway_core::{
    credentials::key_lines,
    metrics::Layout,
    model::Model,
    rate_limit::Table,
    snapshot::{ConsumersBuilder, ModelError, Snapshot},
};

use crate::shm::SegmentShape;

/// Routes that have metrics of their own; those behind them share one.
pub(crate) const ROUTES_COUNTED_MAX: usize = 1000;

/// A configuration, ready to be used.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) model: Model,
    pub(crate) snapshot: Snapshot,
}

/// Reads the model and every file it names, and compiles them.
///
/// # Errors
///
/// Everything found wrong, by the path of the field.
pub(crate) fn load(model_json: &str) -> Result<Loaded, Vec<ModelError>> {
    let model: Model = serde_json::from_str(model_json)
        .map_err(|error| vec![error_at("", format!("the model does not fit: {error}"))])?;
    let mut consumers = ConsumersBuilder::default();
    let mut errors = Vec::new();
    for (index, path) in model.api_key_files.iter().enumerate() {
        if let Err(message) = read_keys(path, &mut consumers) {
            errors.push(error_at(&format!("apiKeyFiles.{index}"), message));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let snapshot = Snapshot::compile(&model, consumers)?;
    Ok(Loaded { model, snapshot })
}

fn read_keys(path: &str, consumers: &mut ConsumersBuilder) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    for (number, line) in key_lines(&text) {
        line.map_err(|error| error.to_string())
            .and_then(|key| {
                consumers.add(key.consumer, key.tenant, Some((key.digest, key.expires_at_s)))
            })
            .map_err(|message| format!("{path}:{number}: {message}"))?;
    }
    Ok(())
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
    }
}
