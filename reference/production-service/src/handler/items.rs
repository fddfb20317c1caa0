//! Items over HTTP.

mod problems;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use plumego_contract::bind::JsonOptions;
use plumego_contract::{Error, ErrorKind, Reply, Request, RequestExt};
use plumego_health::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Item, ItemChange, ItemDraft, ItemService, Page};

/// What is shown of a path parameter in an answer, in bytes.
const ECHO_BYTES_MAX: usize = 64;

/// Decodes requests for items and writes what the service answers.
#[derive(Debug)]
pub(crate) struct ItemHandler<S> {
    service: Arc<S>,
    json: JsonOptions,
}

/// Both fields may be absent: which of them a request needs is a rule of the
/// domain, and one answer names all that are missing.
#[derive(Deserialize)]
struct ItemBody {
    name: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct ListQuery {
    limit: Option<i64>,
    offset: Option<i64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ItemView {
    id: String,
    name: String,
    description: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Item> for ItemView {
    fn from(item: Item) -> Self {
        Self {
            id: item.id.to_string(),
            name: item.name,
            description: item.description,
            created_at: item.created_at.into(),
            updated_at: item.updated_at.into(),
        }
    }
}

impl<S: ItemService> ItemHandler<S> {
    /// A handler for bodies of at most `body_bytes_max`.
    pub(crate) fn new(service: Arc<S>, body_bytes_max: u64) -> Self {
        Self {
            service,
            json: JsonOptions::default().with_max_bytes(body_bytes_max),
        }
    }

    /// `GET /api/v1/items`
    pub(crate) async fn list(
        self: Arc<Self>,
        request: Request,
    ) -> Result<Reply<Vec<ItemView>>, Error> {
        let page = problems::page(&request.query::<ListQuery>()?)?;
        let found = self.service.list(page).await?;
        let Page { limit, offset } = page;
        Ok(
            Reply::ok(found.items.into_iter().map(ItemView::from).collect())
                .meta("total", found.total)
                .meta("limit", limit)
                .meta("offset", offset),
        )
    }

    /// `POST /api/v1/items`
    pub(crate) async fn create(
        self: Arc<Self>,
        mut request: Request,
    ) -> Result<Reply<ItemView>, Error> {
        let body = request.json_with::<ItemBody>(&self.json).await?;
        let draft = ItemDraft::new(body.name.as_deref(), body.description.as_deref())?;
        let item = ItemView::from(self.service.create(draft).await?);
        let location = format!("/api/v1/items/{}", item.id);
        Reply::created_at(&location, item).map_err(Error::internal)
    }

    /// `GET /api/v1/items/{id}`
    pub(crate) async fn show(self: Arc<Self>, request: Request) -> Result<Reply<ItemView>, Error> {
        let id = request.param::<String>("id")?;
        found(&id, self.service.get(&id).await?)
    }

    /// `PUT /api/v1/items/{id}`
    pub(crate) async fn replace(
        self: Arc<Self>,
        mut request: Request,
    ) -> Result<Reply<ItemView>, Error> {
        let id = request.param::<String>("id")?;
        let body = request.json_with::<ItemBody>(&self.json).await?;
        let draft = ItemDraft::new(body.name.as_deref(), body.description.as_deref())?;
        found(&id, self.service.update(&id, draft).await?)
    }

    /// `PATCH /api/v1/items/{id}`
    pub(crate) async fn change(
        self: Arc<Self>,
        mut request: Request,
    ) -> Result<Reply<ItemView>, Error> {
        let id = request.param::<String>("id")?;
        let body = request.json_with::<ItemBody>(&self.json).await?;
        let change = ItemChange::new(body.name.as_deref(), body.description.as_deref())?;
        found(&id, self.service.patch(&id, change).await?)
    }

    /// `DELETE /api/v1/items/{id}`
    pub(crate) async fn delete(self: Arc<Self>, request: Request) -> Result<Reply, Error> {
        let id = request.param::<String>("id")?;
        match self.service.delete(&id).await? {
            Some(()) => Ok(Reply::no_content()),
            None => Err(not_found(&id)),
        }
    }
}

fn found(id: &str, item: Option<Item>) -> Result<Reply<ItemView>, Error> {
    item.map(|item| Reply::ok(item.into()))
        .ok_or_else(|| not_found(id))
}

fn not_found(id: &str) -> Error {
    let shown = &id[..id.floor_char_boundary(ECHO_BYTES_MAX)];
    Error::new(ErrorKind::NotFound)
        .message("item not found")
        .detail("id", shown)
}
