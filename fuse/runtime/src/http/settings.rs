//! What environment variables say about serving.

use std::path::PathBuf;
use std::time::Duration;

use http::HeaderValue;
use http::uri::Authority;
use plumego_contract::ErrorRendering;
use plumego_core::{AppConfig, Http2Config, Http2Policy, TlsConfig, TlsReload};
use plumego_middleware::cors::CorsConfig;
use plumego_middleware::requestid::RequestIdConfig;

use super::proxy;
use super::reload::Reload;
use crate::options::logs_requests;
use crate::system::{EnvError, Environment};

/// Settings of the host, read when serving begins. A variable that cannot be
/// understood fails the start; none is ignored.
#[derive(Debug)]
pub(super) struct Settings {
    /// Where to listen.
    pub(super) host: String,
    /// The services to mount; all, if it does not say.
    pub(super) services: Option<Vec<String>>,
    /// Requests after which serving ends.
    pub(super) max_requests: Option<u64>,
    /// How long requests may go on once serving is to end.
    pub(super) grace: Duration,
    /// How long connections are accepted still.
    pub(super) delay: Duration,
    /// Bytes of a request body at most.
    pub(super) body_bytes_max: u64,
    /// Requests that are handled at once, at most.
    pub(super) in_flight_max: usize,
    /// Threads for handlers that may wait.
    pub(super) blocking_threads: usize,
    /// How long a handler may run; zero for as long as it likes.
    pub(super) handler_timeout: Duration,
    /// Whether handlers that never wait run where the request was read.
    pub(super) inline: bool,
    /// Whether each request is logged.
    pub(super) request_log: bool,
    /// The policy sent along with markup.
    pub(super) csp: Option<HeaderValue>,
    /// What pages of other origins may do.
    pub(super) cors: Option<CorsConfig>,
    header_timeout: Duration,
    read_timeout: Duration,
    write_timeout: Duration,
    idle_timeout: Duration,
    connections_max: usize,
    trusted_proxies: Vec<String>,
    tls: Option<(PathBuf, PathBuf)>,
    /// Whether causes are shown.
    pub(super) development: bool,
    /// Where health is told, apart from the services.
    pub(super) admin: Option<String>,
    /// Whether responses are compressed.
    pub(super) compress: bool,
    /// Whether bodies of requests may be compressed.
    pub(super) decompress: bool,
    /// Whether JSON answers get tags.
    pub(super) etag: bool,
    /// What pages get that load themselves again.
    pub(super) reload: Option<Reload>,
    /// The port to take where any is wanted, so that it stays the same while the
    /// program is worked on.
    pub(super) port: Option<u16>,
    /// What a line on standard error begins with that says the address, however
    /// little is logged: who started this in development waits for it.
    pub(super) ready: Option<String>,
    /// Files that are served.
    pub(super) files: Option<StaticFiles>,
    /// The documentation page.
    pub(super) openapi: Option<OpenApi>,
    /// The development server of a front end.
    pub(super) upstream: Option<Authority>,
}

/// Where files are, and which of them stands for its directory.
#[derive(Debug)]
pub(super) struct StaticFiles {
    pub(super) dir: PathBuf,
    pub(super) index: String,
}

/// The document of the documentation page, and where that is.
#[derive(Debug)]
pub(super) struct OpenApi {
    pub(super) file: PathBuf,
    pub(super) path: String,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// A variable is not what it has to be.
    pub(super) fn read(env: &Environment) -> Result<Self, EnvError> {
        let reader = Reader(env);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = env.number("FUSE_HTTP_BLOCKING_THREADS", 1, 4096, "integer 1..4096")?;
        Ok(Self {
            host: env.get("FUSE_HOST")?.unwrap_or("127.0.0.1").to_owned(),
            services: reader.list("FUSE_SERVICE")?,
            max_requests: env.number("FUSE_MAX_REQUESTS", 1, u64::MAX, "integer >= 1")?,
            grace: reader.millis("FUSE_SHUTDOWN_GRACE_MS", 10_000)?,
            delay: reader.millis("FUSE_SHUTDOWN_DELAY_MS", 0)?,
            body_bytes_max: reader.count("FUSE_HTTP_MAX_BODY_BYTES", 1024 * 1024)?,
            in_flight_max: reader.size("FUSE_HTTP_MAX_IN_FLIGHT", 1024)?,
            blocking_threads: threads
                .and_then(|count| usize::try_from(count).ok())
                .unwrap_or((4 * cores).max(32)),
            handler_timeout: reader.millis("FUSE_HTTP_HANDLER_TIMEOUT_MS", 30_000)?,
            inline: match env.get("FUSE_HTTP_INLINE")? {
                None | Some("auto") => true,
                Some("never") => false,
                Some(_) => return Err(EnvError::expected("FUSE_HTTP_INLINE", "auto or never")),
            },
            request_log: logs_requests(env)?,
            csp: reader.header("FUSE_CSP")?,
            cors: cors(&reader)?,
            header_timeout: reader.millis("FUSE_HTTP_HEADER_TIMEOUT_MS", 5_000)?,
            read_timeout: reader.millis("FUSE_HTTP_READ_TIMEOUT_MS", 30_000)?,
            write_timeout: reader.millis("FUSE_HTTP_WRITE_TIMEOUT_MS", 30_000)?,
            idle_timeout: reader.millis("FUSE_HTTP_IDLE_TIMEOUT_MS", 60_000)?,
            connections_max: reader.size("FUSE_HTTP_MAX_CONNECTIONS", 10_000)?,
            trusted_proxies: reader.list("FUSE_TRUST_PROXY")?.unwrap_or_default(),
            tls: tls(env)?,
            development: env.truthy("FUSE_DEV_MODE"),
            port: dev_port(env)?,
            ready: ready(env)?,
            admin: admin(env)?,
            compress: env.truthy("FUSE_HTTP_COMPRESS"),
            decompress: env.truthy("FUSE_HTTP_DECOMPRESS"),
            etag: env.truthy("FUSE_HTTP_ETAG"),
            reload: Reload::read(env)?,
            files: files(env)?,
            openapi: openapi(env)?,
            upstream: proxy::upstream(env)?,
        })
    }

    /// The configuration of the kernel, listening on `port`.
    pub(super) fn app_config(&self, port: u16, ids: RequestIdConfig) -> AppConfig {
        let errors = ErrorRendering::default().with_expose_internal(self.development);
        let mut http2 = Http2Config::default();
        http2.policy = Http2Policy::AlpnAndPriorKnowledge;
        let config = AppConfig::default()
            .with_addr(self.address(port))
            .with_request_id(ids)
            .with_errors(errors)
            .with_development(self.development)
            .with_http2(http2)
            .with_read_header_timeout(self.header_timeout)
            .with_read_timeout(self.read_timeout)
            .with_write_timeout(self.write_timeout)
            .with_idle_timeout(self.idle_timeout)
            .with_max_connections(self.connections_max)
            .with_drain_delay(self.delay)
            .with_trusted_proxies(&self.trusted_proxies);
        match &self.tls {
            Some((certificate, key)) => {
                config.with_tls(TlsConfig::new(certificate, key).with_reload(TlsReload::OnSighup))
            }
            None => config,
        }
    }

    /// Host and port, an IPv6 address in brackets.
    pub(super) fn address(&self, port: u16) -> String {
        let host = &self.host;
        match host.contains(':') && !host.starts_with('[') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        }
    }
}

/// A variable that is not empty.
fn some<'e>(env: &'e Environment, name: &str) -> Result<Option<&'e str>, EnvError> {
    Ok(env.get(name)?.filter(|text| !text.is_empty()))
}

fn admin(env: &Environment) -> Result<Option<String>, EnvError> {
    const ADDRESS: &str = "FUSE_ADMIN_ADDR";
    let Some(address) = some(env, ADDRESS)? else {
        return Ok(None);
    };
    let is_address = address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    match is_address {
        true => Ok(Some(address.to_owned())),
        false => Err(EnvError::expected(ADDRESS, "host:port")),
    }
}

/// The port of the start before, which counts in development only.
fn dev_port(env: &Environment) -> Result<Option<u16>, EnvError> {
    if !env.truthy("FUSE_DEV_MODE") {
        return Ok(None);
    }
    let port = env.number("FUSE_DEV_PORT", 1, u64::from(u16::MAX), "integer 1..65535")?;
    Ok(port.and_then(|port| u16::try_from(port).ok()))
}

/// How the line begins that says that connections are accepted, likewise.
fn ready(env: &Environment) -> Result<Option<String>, EnvError> {
    const READY: &str = "FUSE_DEV_READY";
    let mark = some(env, READY)?.filter(|_| env.truthy("FUSE_DEV_MODE"));
    match mark {
        Some(mark) if !mark.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(EnvError::expected(READY, "a word"))
        }
        mark => Ok(mark.map(str::to_owned)),
    }
}

fn files(env: &Environment) -> Result<Option<StaticFiles>, EnvError> {
    const INDEX: &str = "FUSE_STATIC_INDEX";
    let index = some(env, INDEX)?.unwrap_or("index.html");
    if index.contains(['/', '\\', '\0']) || index.starts_with('.') {
        return Err(EnvError::expected(INDEX, "the name of a file"));
    }
    let dir = some(env, "FUSE_STATIC_DIR")?;
    Ok(dir.map(|dir| StaticFiles {
        dir: dir.into(),
        index: index.to_owned(),
    }))
}

fn openapi(env: &Environment) -> Result<Option<OpenApi>, EnvError> {
    const PATH: &str = "FUSE_OPENAPI_UI_PATH";
    let path = some(env, PATH)?.unwrap_or("/docs");
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    if !path.starts_with('/') || path.contains("//") || !path.bytes().all(is_plain) {
        return Err(EnvError::expected(PATH, "a path such as /docs"));
    }
    let file = some(env, "FUSE_OPENAPI_JSON_PATH")?;
    Ok(file.map(|file| OpenApi {
        file: file.into(),
        path: path.to_owned(),
    }))
}

fn tls(env: &Environment) -> Result<Option<(PathBuf, PathBuf)>, EnvError> {
    let names = ["FUSE_TLS_CERT_FILE", "FUSE_TLS_KEY_FILE"];
    match (env.get(names[0])?, env.get(names[1])?) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some((certificate.into(), key.into()))),
        (Some(_), None) => Err(EnvError::expected(
            names[1],
            "a file, as there is one for the certificate",
        )),
        (None, Some(_)) => Err(EnvError::expected(
            names[0],
            "a file, as there is one for the key",
        )),
    }
}

fn cors(reader: &Reader<'_>) -> Result<Option<CorsConfig>, EnvError> {
    const ORIGINS: &str = "FUSE_CORS_ORIGINS";
    let Some(origins) = reader.list(ORIGINS)? else {
        return Ok(None);
    };
    let credentials = reader.0.truthy("FUSE_CORS_CREDENTIALS");
    let config = if origins.iter().any(|origin| origin == "*") {
        if credentials {
            let expected = "nothing, as FUSE_CORS_ORIGINS is *";
            return Err(EnvError::expected("FUSE_CORS_CREDENTIALS", expected));
        }
        CorsConfig::any_origin()
    } else {
        CorsConfig::strict(origins)
            .map_err(|error| {
                EnvError::expected(ORIGINS, format!("* or a list of origins ({error})"))
            })?
            .with_credentials(credentials)
    };
    let config = match reader.list("FUSE_CORS_HEADERS")? {
        Some(headers) => config.with_headers(headers),
        None => config,
    };
    let age = reader
        .0
        .number("FUSE_CORS_MAX_AGE", 0, 86_400, "seconds 0..86400")?;
    Ok(Some(match age {
        Some(seconds) => config.with_max_age(Duration::from_secs(seconds)),
        None => config,
    }))
}

struct Reader<'e>(&'e Environment);

impl Reader<'_> {
    fn millis(&self, name: &str, default: u64) -> Result<Duration, EnvError> {
        // A year is more than any wait, and fits every clock.
        let max = 365 * 24 * 3600 * 1000;
        let millis = self.0.number(name, 0, max, "milliseconds >= 0")?;
        Ok(Duration::from_millis(millis.unwrap_or(default)))
    }

    fn count(&self, name: &str, default: u64) -> Result<u64, EnvError> {
        let count = self.0.number(name, 1, u64::MAX / 2, "integer >= 1")?;
        Ok(count.unwrap_or(default))
    }

    fn size(&self, name: &str, default: usize) -> Result<usize, EnvError> {
        let count = self.0.number(name, 1, 1_000_000_000, "integer >= 1")?;
        Ok(count
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(default))
    }

    /// The parts of a list between commas; nothing for an empty one.
    fn list(&self, name: &str) -> Result<Option<Vec<String>>, EnvError> {
        let parts = self
            .0
            .get(name)?
            .unwrap_or_default()
            .split(',')
            .map(str::trim);
        let parts: Vec<_> = parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        Ok((!parts.is_empty()).then_some(parts))
    }

    fn header(&self, name: &str) -> Result<Option<HeaderValue>, EnvError> {
        let value = self.0.get(name)?.map(HeaderValue::from_str).transpose();
        value.map_err(|_| EnvError::expected(name, "text that a header can hold"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let env = Environment::read(&variables.to_vec());
        Settings::read(&env).map_err(|error| error.to_string())
    }

    #[test]
    fn variables_that_are_not_understood_fail_the_start() {
        for (name, value) in [
            ("FUSE_HTTP_BLOCKING_THREADS", "0"),
            ("FUSE_HTTP_BLOCKING_THREADS", "5000"),
            ("FUSE_HTTP_READ_TIMEOUT_MS", "-1"),
            ("FUSE_HTTP_MAX_BODY_BYTES", "1k"),
            ("FUSE_MAX_REQUESTS", "0"),
            ("FUSE_HTTP_INLINE", "always"),
            ("FUSE_CORS_ORIGINS", "not an origin"),
            ("FUSE_CSP", "a\nb"),
            ("FUSE_ADMIN_ADDR", "9000"),
            ("FUSE_STATIC_INDEX", "../index.html"),
            ("FUSE_OPENAPI_UI_PATH", "docs"),
            ("FUSE_OPENAPI_UI_PATH", "/{docs}"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(&format!("invalid {name}: ")), "{error}");
        }
        assert!(read(&[("FUSE_TLS_CERT_FILE", "a")]).is_err());
        let both = [("FUSE_CORS_ORIGINS", "*"), ("FUSE_CORS_CREDENTIALS", "1")];
        assert!(read(&both).is_err());
    }

    #[test]
    fn the_proxy_is_for_development() {
        let with = |url| read(&[("FUSE_VITE_PROXY_URL", url), ("FUSE_DEV_MODE", "1")]);
        let upstream = |url| with(url).unwrap().upstream.map(|to| to.to_string());
        assert_eq!(
            upstream("http://127.0.0.1:5173"),
            Some("127.0.0.1:5173".into())
        );
        assert_eq!(upstream("http://[::1]:80/"), Some("[::1]:80".into()));
        assert_eq!(upstream(""), None);
        for url in [
            "x",
            "https://a",
            "http://a/b",
            "http://a?b",
            "ftp://a",
            "http://u@a",
            "/a",
        ] {
            let error = with(url).unwrap_err();
            let expected = "invalid FUSE_VITE_PROXY_URL: expected an address such as";
            assert!(error.starts_with(expected), "{url}: {error}");
        }
        let outside = read(&[("FUSE_VITE_PROXY_URL", "x")]).unwrap();
        assert_eq!(outside.upstream, None);
    }

    #[test]
    fn addresses_of_both_versions_can_be_bound() {
        let settings = read(&[("FUSE_HOST", "::1")]).unwrap();
        assert_eq!(settings.address(80), "[::1]:80");
        assert_eq!(read(&[]).unwrap().address(0), "127.0.0.1:0");
    }
}
