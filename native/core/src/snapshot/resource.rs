//! Descriptions of protected resources that the gateway serves itself.
//!
//! A route says where its description is; where that is one of the well-known places, it is
//! served to whoever asks for it under that host and path. Source: RFC 9728 §3.

use crate::model::Model;

/// Source: RFC 9728 §3.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// One description.
#[derive(Debug, Eq, PartialEq)]
pub struct Resource {
    /// Host, and port if it is not the default.
    pub host: String,
    /// The whole path.
    pub path: String,
    /// Number of the first route that names it.
    pub route: u32,
}

impl Resource {
    /// Whether a request asks for this one.
    pub fn is_at(&self, host: &[u8], path: &[u8]) -> bool {
        self.path.as_bytes() == path && self.host.as_bytes().eq_ignore_ascii_case(host)
    }
}

/// Those of the model's routes, each place once.
pub(super) fn served(model: &Model) -> Vec<Resource> {
    let mut resources: Vec<Resource> = Vec::new();
    for (route, number) in model.routes.iter().zip(0..) {
        let url =
            route.auth.as_ref().and_then(|auth| auth.jwt.as_ref()?.resource_metadata.as_ref());
        let Some((host, path)) = url.and_then(|url| split(url)) else { continue };
        if !resources.iter().any(|known| known.is_at(host.as_bytes(), path.as_bytes())) {
            resources.push(Resource {
                host: host.to_owned(),
                path: path.to_owned(),
                route: number,
            });
        }
    }
    resources
}

/// Host and path of a URL whose path is a well-known one.
fn split(url: &str) -> Option<(&str, &str)> {
    let (_, rest) = url.split_once("://")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    let resource = path.strip_prefix(WELL_KNOWN)?;
    let is_plain = !path.contains(['?', '#']);
    (is_plain && (resource.is_empty() || resource.starts_with('/'))).then_some((host, path))
}
