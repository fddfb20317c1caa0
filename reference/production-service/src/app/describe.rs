//! What the service tells tools about itself, without serving.

use serde_json::json;

use super::{AppError, Collaborators, build};
use crate::config::{Config, Description, DescriptionKind, schema};
use crate::domain::sample_profiles;

/// Writes one JSON document. Binds nothing, opens nothing else, starts nothing.
pub(crate) fn describe(config: &Config, description: &Description) -> Result<(), AppError> {
    let (kind, data) = match description.kind {
        DescriptionKind::Config => ("config", schema()),
        DescriptionKind::Routes => {
            let collaborators = Collaborators::standard(plumego_log::discard(), sample_profiles())?;
            let routes = build(config, collaborators)?.app.routes();
            ("routes", json!(routes))
        }
    };
    let document = json!({ "plumego_describe": 1, "kind": kind, "data": data });
    std::fs::write(&description.out, format!("{document:#}\n")).map_err(|source| {
        AppError::Describe {
            path: description.out.display().to_string(),
            source,
        }
    })
}
