use std::str::FromStr;

use bytes::Bytes;
use http::HeaderName;
use serde::de::DeserializeOwned;

use super::options::{FormOptions, JsonOptions, QueryOptions};
use crate::{Error, Request};

/// The bindings as methods of a request.
///
/// ```
/// use plumego_contract::{Error, Reply, Request, RequestExt};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize)]
/// struct Change { name: String }
///
/// #[derive(Serialize)]
/// struct User { id: u64, name: String }
///
/// async fn rename(mut request: Request) -> Result<Reply<User>, Error> {
///     let id = request.param::<u64>("id")?;
///     let change = request.json::<Change>().await?;
///     Ok(Reply::ok(User { id, name: change.name }))
/// }
/// ```
pub trait RequestExt: sealed::Sealed {
    /// One path parameter; see [`path_param`](super::path_param).
    ///
    /// # Errors
    /// 400 when it does not parse, 500 when the route does not have it.
    fn param<T: FromStr>(&self, name: &str) -> Result<T, Error>;

    /// All path parameters; see [`path`](super::path).
    ///
    /// # Errors
    /// 400 with every problem, 500 when the route lacks one.
    fn path<T: DeserializeOwned>(&self) -> Result<T, Error>;

    /// The query; see [`query`](super::query()).
    ///
    /// # Errors
    /// 414 or 400 with every problem.
    fn query<T: DeserializeOwned>(&self) -> Result<T, Error>;

    /// The query under options; see [`query_with`](super::query_with).
    ///
    /// # Errors
    /// 414 or 400 with every problem.
    fn query_with<T: DeserializeOwned>(&self, options: &QueryOptions) -> Result<T, Error>;

    /// One header; see [`header`](super::header()).
    ///
    /// # Errors
    /// 400 when it is repeated, not ASCII, or does not parse.
    fn header<T: FromStr>(&self, name: &HeaderName) -> Result<Option<T>, Error>;

    /// A JSON body; see [`json`](super::json()).
    ///
    /// # Errors
    /// 415, 413, 408 or 400 with every problem.
    fn json<T: DeserializeOwned>(
        &mut self,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<Self, T>;

    /// A JSON body under options; see [`json_with`](super::json_with).
    ///
    /// # Errors
    /// 415, 413, 408 or 400 with every problem.
    fn json_with<T: DeserializeOwned>(
        &mut self,
        options: &JsonOptions,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<Self, T>;

    /// A form body; see [`form`](super::form).
    ///
    /// # Errors
    /// 415, 413, 408 or 400 with every problem.
    fn form<T: DeserializeOwned>(
        &mut self,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<Self, T>;

    /// A form body under options; see [`form_with`](super::form_with).
    ///
    /// # Errors
    /// 415, 413, 408 or 400 with every problem.
    fn form_with<T: DeserializeOwned>(
        &mut self,
        options: &FormOptions,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<Self, T>;

    /// A multipart body, part by part; see [`multipart`](super::multipart()).
    ///
    /// # Errors
    /// 415, 413 or 400.
    #[cfg(feature = "multipart")]
    fn multipart(&mut self, options: &super::MultipartOptions) -> Result<super::Multipart, Error>;

    /// The body whole; see [`bytes`](super::bytes).
    ///
    /// # Errors
    /// 413, 408 or 400.
    fn bytes(&mut self, max: u64) -> impl Future<Output = Result<Bytes, Error>> + Send + use<Self>;

    /// The body whole as text; see [`text`](super::text).
    ///
    /// # Errors
    /// 413, 408 or 400.
    fn text(&mut self, max: u64) -> impl Future<Output = Result<String, Error>> + Send + use<Self>;
}

impl RequestExt for Request {
    fn param<T: FromStr>(&self, name: &str) -> Result<T, Error> {
        super::path_param(self, name)
    }

    fn path<T: DeserializeOwned>(&self) -> Result<T, Error> {
        super::path(self)
    }

    fn query<T: DeserializeOwned>(&self) -> Result<T, Error> {
        super::query(self)
    }

    fn query_with<T: DeserializeOwned>(&self, options: &QueryOptions) -> Result<T, Error> {
        super::query_with(self, options)
    }

    fn header<T: FromStr>(&self, name: &HeaderName) -> Result<Option<T>, Error> {
        super::header(self, name)
    }

    fn json<T: DeserializeOwned>(
        &mut self,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T> {
        super::json(self)
    }

    fn json_with<T: DeserializeOwned>(
        &mut self,
        options: &JsonOptions,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T> {
        super::json_with(self, options)
    }

    fn form<T: DeserializeOwned>(
        &mut self,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T> {
        super::form(self)
    }

    fn form_with<T: DeserializeOwned>(
        &mut self,
        options: &FormOptions,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T> {
        super::form_with(self, options)
    }

    #[cfg(feature = "multipart")]
    fn multipart(&mut self, options: &super::MultipartOptions) -> Result<super::Multipart, Error> {
        super::multipart(self, options)
    }

    fn bytes(&mut self, max: u64) -> impl Future<Output = Result<Bytes, Error>> + Send + use<> {
        super::bytes(self, max)
    }

    fn text(&mut self, max: u64) -> impl Future<Output = Result<String, Error>> + Send + use<> {
        super::text(self, max)
    }
}

mod sealed {
    /// Methods may be added without breaking anyone.
    pub trait Sealed {}

    impl Sealed for crate::Request {}
}
