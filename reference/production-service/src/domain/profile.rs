use std::collections::BTreeMap;
use std::future::Future;

use serde::{Deserialize, Serialize};

use super::{StoreError, TenantId};

/// What is known of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) plan: String,
}

/// Profiles by tenant.
pub(crate) type ProfileTable = BTreeMap<TenantId, Profile>;

/// Knows profiles. *Not there* is an answer, *failed* is an error.
pub(crate) trait ProfileStore: Send + Sync + 'static {
    /// The profile of this tenant, and of no other.
    fn find(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Option<Profile>, StoreError>> + Send;
}

/// A table that nobody changes while the service runs.
impl ProfileStore for ProfileTable {
    async fn find(&self, tenant: &TenantId) -> Result<Option<Profile>, StoreError> {
        Ok(self.get(tenant).cloned())
    }
}

/// Two tenants to try the service with.
pub(crate) fn sample_profiles() -> ProfileTable {
    let profile = |id: &str, name: &str, plan: &str| {
        let profile = Profile {
            name: name.to_owned(),
            plan: plan.to_owned(),
        };
        TenantId::parse(id).ok().map(|id| (id, profile))
    };
    [
        profile("tenant-a", "Tenant A", "standard"),
        profile("tenant-b", "Tenant B", "free"),
    ]
    .into_iter()
    .flatten()
    .collect()
}
