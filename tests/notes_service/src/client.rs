//! Requests and answers.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who asks the service, with headers that go along every time.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    url: String,
    headers: Vec<(String, String)>,
}

/// A request to make.
#[derive(Clone, Debug)]
pub struct Ask {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text; what is no UTF-8 is replaced.
    pub body: String,
}

impl Client {
    pub(crate) fn new(url: String) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .build()
            .into();
        Self {
            agent,
            url,
            headers: Vec::new(),
        }
    }

    /// The same person on connections of their own.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self {
            headers: self.headers.clone(),
            ..Self::new(self.url.clone())
        }
    }

    /// The same person with one header more.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same person with a session of the API.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// Asks.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub fn send(&self, ask: Ask) -> anyhow::Result<Answer> {
        let what = format!("{} {}", ask.method, ask.target);
        let mut request = Request::builder()
            .method(ask.method)
            .uri(format!("{}{}", self.url, ask.target));
        for (name, value) in self.headers.iter().chain(&ask.headers) {
            request = request.header(name, value);
        }
        let sent = if ask.body.is_empty() {
            self.agent.run(request.body(())?)
        } else {
            self.agent.run(request.body(ask.body)?)
        };
        let mut response = sent.with_context(|| format!("{what}: no answer"))?;
        let body = response.body_mut().read_to_vec();
        let body = body.with_context(|| format!("{what}: half an answer"))?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// Asks by GET.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub fn get(&self, target: &str) -> anyhow::Result<Answer> {
        self.send(Ask::new("GET", target))
    }

    /// Sends JSON.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub fn json(&self, method: &'static str, target: &str, body: &Value) -> anyhow::Result<Answer> {
        self.send(Ask::new(method, target).typed("application/json", body.to_string()))
    }

    /// Sends a form. Values are encoded by the caller.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub fn form(&self, method: &'static str, target: &str, body: &str) -> anyhow::Result<Answer> {
        self.send(Ask::new(method, target).typed("application/x-www-form-urlencoded", body))
    }
}

impl Ask {
    /// A request without a body.
    #[must_use]
    pub fn new(method: &'static str, target: &str) -> Self {
        Self {
            method,
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body of a type.
    #[must_use]
    pub fn typed(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }
}

impl Answer {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The text of a member of a JSON body; empty when there is none.
    #[must_use]
    pub fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or_default().to_owned()
    }

    /// A header; empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name);
        let value = value.and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }

    /// Status, code and message of a failure, and what is wrong with which field.
    #[must_use]
    pub fn failure(&self) -> String {
        let json = self.json();
        let error = &json["error"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut line = format!("{} {}", self.status, text(&error["code"]));
        for field in error["fields"].as_array().into_iter().flatten() {
            line += &format!(" {}:{}", text(&field["path"]), text(&field["code"]));
        }
        line
    }
}
