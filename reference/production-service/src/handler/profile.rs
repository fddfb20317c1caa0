//! The profile of the tenant that a request names.

use std::sync::Arc;

use http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue};
use plumego_contract::{Error, ErrorCode, ErrorKind, Reply, Request};
use serde::Serialize;

use crate::domain::{InvalidTenantId, ProfileStore, TenantId};

const X_TENANT_ID: HeaderName = HeaderName::from_static("x-tenant-id");

/// No tenant is named.
const TENANT_REQUIRED: ErrorCode = ErrorCode {
    code: "tenant_required",
    kind: ErrorKind::Unauthorized,
};

/// What is named is no tenant.
const TENANT_INVALID_ID: ErrorCode = ErrorCode {
    code: "tenant_invalid_id",
    kind: ErrorKind::BadRequest,
};

/// Shows profiles to whoever the guard around it let through.
#[derive(Debug)]
pub(crate) struct ProfileHandler<P> {
    profiles: Arc<P>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ProfileView {
    tenant_id: String,
    name: String,
    plan: String,
}

impl<P: ProfileStore> ProfileHandler<P> {
    pub(crate) fn new(profiles: Arc<P>) -> Self {
        Self { profiles }
    }

    /// `GET /api/profile`
    pub(crate) async fn show(
        self: Arc<Self>,
        request: Request,
    ) -> Result<Reply<ProfileView>, Error> {
        let tenant = tenant(request.headers())?;
        let found = self.profiles.find(&tenant).await?;
        let profile = found
            .ok_or_else(|| Error::new(ErrorKind::NotFound).message("the tenant has no profile"))?;
        let view = ProfileView {
            tenant_id: tenant.as_str().to_owned(),
            name: profile.name,
            plan: profile.plan,
        };
        Ok(Reply::ok(view).header(CACHE_CONTROL, HeaderValue::from_static("no-store")))
    }
}

/// The one tenant a request names. Two names would be two readings of one
/// request, so they are none.
fn tenant(headers: &HeaderMap) -> Result<TenantId, Error> {
    let mut sent = headers.get_all(X_TENANT_ID).iter();
    match (sent.next(), sent.next()) {
        (None, _) => {
            // RFC 9110 section 15.5.2 asks for a challenge in every 401.
            let challenge = HeaderValue::from_static("Bearer realm=\"api\"");
            Err(Error::coded(&TENANT_REQUIRED)
                .message("an X-Tenant-ID header is required")
                .header(WWW_AUTHENTICATE, challenge))
        }
        (Some(only), None) => {
            let text = only.to_str().map_err(|_| invalid(InvalidTenantId))?;
            TenantId::parse(text).map_err(invalid)
        }
        (Some(_), Some(_)) => Err(invalid(InvalidTenantId)),
    }
}

fn invalid(why: InvalidTenantId) -> Error {
    Error::coded(&TENANT_INVALID_ID).message(format!("X-Tenant-ID: {why}"))
}
