//! The table of everything that can be set.

use serde_json::{Value, json};

/// One thing that can be set.
#[derive(Debug)]
pub(super) struct Variable {
    /// The key under which layers are merged.
    pub(super) key: &'static str,
    /// The name in the environment and in env files.
    pub(super) env: Option<&'static str>,
    /// The long flag, without its dashes. A secret has none: process lists are
    /// readable by everyone.
    pub(super) flag: Option<&'static str>,
    pub(super) default: &'static str,
    /// The form a value must have, as the end of "expected ...".
    pub(super) form: &'static str,
    pub(super) kind: Kind,
    pub(super) summary: &'static str,
}

/// How a variable behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An empty value is no value.
    Ordinary,
    /// An empty value clears what lower layers said.
    Clearable,
    /// Clearable, and never shown.
    Secret,
    /// A switch: a flag without a value means yes.
    Switch,
}

impl Variable {
    /// The flag as a user writes it.
    pub(super) fn flag_name(&self) -> Option<String> {
        self.flag.map(|flag| format!("--{flag}"))
    }

    /// The name to call it by: that in the environment, or the flag.
    pub(super) fn title(&self) -> String {
        let env = self.env.map(str::to_owned);
        env.or_else(|| self.flag_name())
            .unwrap_or_else(|| self.key.to_owned())
    }

    pub(super) fn is_clearable(&self) -> bool {
        matches!(self.kind, Kind::Clearable | Kind::Secret)
    }
}

macro_rules! variables {
    ($( $key:ident: $kind:ident, $env:expr, $flag:expr, $default:literal, $form:literal, $summary:literal; )*) => {
        /// Every variable, in the order in which it is shown.
        pub(super) const VARIABLES: &[Variable] = &[$( Variable {
            key: stringify!($key),
            env: $env,
            flag: $flag,
            default: $default,
            form: $form,
            kind: Kind::$kind,
            summary: $summary,
        }, )*];
    };
}

variables! {
    addr: Ordinary, Some("APP_ADDR"), Some("addr"), "127.0.0.1:8081",
        "an address: `:port`, `host:port`, `[v6]:port`, `unix:/path`, `fd:N` or `systemd:`",
        "Where to listen";
    environment: Ordinary, Some("APP_ENV"), Some("env"), "local",
        "1 to 32 lower-case letters, digits, `-` or `_`",
        "Where this runs; `production` refuses to start with insecure settings";
    service_name: Ordinary, Some("APP_SERVICE_NAME"), Some("service-name"), "plumego-production",
        "1 to 100 characters",
        "Name of the service in its answers";
    env_file: Ordinary, Some("APP_ENV_FILE"), Some("env-file"), ".env",
        "the path of a readable file",
        "File with more variables; only the default one may be absent";
    debug: Switch, Some("APP_DEBUG"), Some("debug"), "false",
        "true or false",
        "Show causes of failures to clients; never in production";
    log_level: Ordinary, Some("APP_LOG_LEVEL"), Some("log-level"), "info",
        "a level (trace, debug, info, warn, error, fatal), or directives such as `info,my_module=debug`",
        "Which log records are written";
    log_format: Ordinary, Some("APP_LOG_FORMAT"), Some("log-format"), "text",
        "text or json",
        "How log records look; text goes to standard error, json to standard output";
    body_limit_bytes: Ordinary, Some("APP_BODY_LIMIT_BYTES"), Some("body-limit-bytes"), "1048576",
        "a whole number of bytes above zero",
        "Longest request body";
    rate_limit: Ordinary, Some("APP_RATE_LIMIT"), Some("rate-limit"), "20",
        "a whole number above zero",
        "Requests per second that one client address may go on sending";
    rate_burst: Ordinary, Some("APP_RATE_BURST"), Some("rate-burst"), "40",
        "a whole number above zero",
        "Requests that one client address may send at once";
    trusted_proxies: Clearable, Some("APP_TRUSTED_PROXIES"), Some("trusted-proxies"), "",
        "addresses, networks (`10.0.0.0/8`) or `unix`, separated by commas",
        "Proxies whose X-Forwarded-For is believed; empty means nobody's";
    api_token: Secret, Some("APP_API_TOKEN"), None, "",
        "visible ASCII characters without spaces",
        "Bearer token for /api/profile; empty means that nobody is let in";
    ops_token: Secret, Some("OPS_TOKEN"), None, "",
        "visible ASCII characters without spaces",
        "Bearer token for /ops/metrics; empty means that nobody is let in";
    profile_store_path: Clearable, Some("APP_PROFILE_STORE_PATH"), Some("profile-store-path"), "",
        "the path of a JSON file",
        "Where profiles are kept; empty means samples in memory";
    write_key: Secret, Some("APP_WRITE_KEY"), None, "",
        "visible ASCII characters without spaces",
        "Key that requests must carry in X-Write-Key to change items; empty means none is needed";
    cors_allowed_origins: Clearable, Some("APP_CORS_ALLOWED_ORIGINS"), Some("cors-allowed-origins"), "",
        "origins (`scheme://host[:port]`) separated by commas",
        "Origins that browsers may call from; empty means any, without credentials";
    tls_enabled: Switch, Some("APP_TLS_ENABLED"), Some("tls-enabled"), "false",
        "true or false",
        "Serve HTTPS";
    tls_cert_file: Ordinary, Some("APP_TLS_CERT_FILE"), Some("tls-cert-file"), "",
        "the path of a PEM file",
        "Certificate chain; required with TLS";
    tls_key_file: Ordinary, Some("APP_TLS_KEY_FILE"), Some("tls-key-file"), "",
        "the path of a PEM file",
        "Private key; required with TLS";
    shutdown_timeout: Ordinary, Some("APP_SHUTDOWN_TIMEOUT"), Some("shutdown-timeout"), "15s",
        "a duration above zero such as `30s`, `500ms` or `1m30s`; a bare number is milliseconds",
        "How long requests under way may take to finish when the service stops";
    read_header_timeout: Ordinary, Some("APP_READ_HEADER_TIMEOUT"), Some("read-header-timeout"), "5s",
        "a duration above zero such as `30s`, `500ms` or `1m30s`; a bare number is milliseconds",
        "How long the head of a request may take to arrive";
    read_timeout: Ordinary, Some("APP_READ_TIMEOUT"), Some("read-timeout"), "30s",
        "a duration above zero such as `30s`, `500ms` or `1m30s`; a bare number is milliseconds",
        "How long a whole request may take to arrive";
    write_timeout: Ordinary, Some("APP_WRITE_TIMEOUT"), Some("write-timeout"), "30s",
        "a duration above zero such as `30s`, `500ms` or `1m30s`; a bare number is milliseconds",
        "How long a client may take nothing of its answer";
    idle_timeout: Ordinary, Some("APP_IDLE_TIMEOUT"), Some("idle-timeout"), "60s",
        "a duration above zero such as `30s`, `500ms` or `1m30s`; a bare number is milliseconds",
        "How long a connection may stay open between two requests";
    request_timeout: Ordinary, Some("APP_REQUEST_TIMEOUT"), Some("request-timeout"), "5s",
        "a duration above zero such as `30s`, `500ms` or `1m30s`; a bare number is milliseconds",
        "How long a request may take until its answer begins";
    describe: Ordinary, Some("PLUMEGO_DESCRIBE"), None, "",
        "openapi, routes or config",
        "For tools: describe the service instead of serving";
    describe_out: Ordinary, Some("PLUMEGO_DESCRIBE_OUT"), None, "",
        "the path of a file to write",
        "For tools: where the description is written";
}

/// The variable with this key.
pub(super) fn by_key(key: &str) -> &'static Variable {
    VARIABLES
        .iter()
        .find(|variable| variable.key == key)
        .expect("keys in the code are keys of the table, which a test checks")
}

/// The table for tools, without any value that was set.
pub(crate) fn schema() -> Value {
    let rows = VARIABLES.iter().map(|variable| {
        json!({
            "key": variable.key,
            "env": variable.env,
            "flag": variable.flag_name(),
            "default": variable.default,
            "form": variable.form,
            "clearable": variable.is_clearable(),
            "required": false,
            "secret": variable.kind == Kind::Secret,
            "summary": variable.summary,
        })
    });
    Value::Array(rows.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The table of the README, from the table above.
    fn markdown() -> String {
        let mut table =
            String::from("| Variable | Flag | Default | Meaning |\n|---|---|---|---|\n");
        for variable in VARIABLES {
            let code = |text: Option<String>| match text {
                Some(text) if !text.is_empty() => format!("`{text}`"),
                _ => "-".to_owned(),
            };
            table += &format!(
                "| {} | {} | {} | {} |\n",
                code(variable.env.map(str::to_owned)),
                code(variable.flag_name()),
                code(Some(variable.default.to_owned())),
                variable.summary
            );
        }
        table
    }

    #[test]
    fn the_readme_has_this_table() {
        let table = markdown();
        let readme = include_str!("../../README.md");
        assert!(
            readme.contains(&table),
            "replace the configuration table of README.md by:\n\n{table}"
        );
    }

    #[test]
    fn the_example_file_has_every_variable_and_no_other() {
        let example = include_str!("../../env.example");
        let assigned = example
            .lines()
            .filter_map(|line| line.trim_start_matches(['#', ' ']).split_once('='))
            .map(|(name, _)| name)
            .filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
        let known = VARIABLES.iter().filter_map(|variable| variable.env);
        assert_eq!(
            assigned.collect::<BTreeSet<_>>(),
            known.collect::<BTreeSet<_>>()
        );
    }

    #[test]
    fn keys_and_names_are_unique_and_secrets_have_no_flag() {
        let keys: BTreeSet<_> = VARIABLES.iter().map(|variable| variable.key).collect();
        assert_eq!(keys.len(), VARIABLES.len());
        for variable in VARIABLES {
            assert!(variable.env.is_some() || variable.flag.is_some());
            assert!(variable.kind != Kind::Secret || variable.flag.is_none());
        }
    }
}
