//! Configurations as JSON: whatever the model's shape lets through compiles or is refused with
//! reasons, without a panic.

use gateway_core::model::Model;
use gateway_core::snapshot::{ConsumersBuilder, Snapshot};

/// Panics when one of these promises is broken.
pub fn check(data: &[u8]) {
    let Ok(model) = serde_json::from_slice::<Model>(data) else { return };
    match Snapshot::compile(&model, ConsumersBuilder::default()) {
        Ok(snapshot) => assert_eq!(snapshot.routes.len(), model.routes.len()),
        Err(errors) => assert!(!errors.is_empty()),
    }
}
