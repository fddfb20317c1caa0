//! What environment variables say about requests to others.

use std::path::Path;
use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::options::logs_requests;
use crate::system::{EnvError, Environment};

/// Bytes of a response at most, unless said otherwise.
const BODY_BYTES_MAX: u64 = 10 * 1024 * 1024;

const EXTRA_ROOTS: &str = "FUSE_EXTRA_CA_CERT_FILE";
const DENY_PRIVATE: &str = "FUSE_HTTP_CLIENT_DENY_PRIVATE";

/// Settings of the client, read when the runtime is built. A variable that
/// cannot be understood fails the start; none is ignored.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Bytes of a response at most, after decompression.
    pub(super) body_bytes_max: u64,
    /// Whether addresses are refused that are not public.
    pub(super) deny_private: bool,
    /// Whether ids of the request that is handled are passed on.
    pub(super) propagate: bool,
    /// Whether requests are logged.
    pub(super) log: bool,
    /// Certificates that are trusted besides those of the system.
    pub(super) extra_roots: Vec<CertificateDer<'static>>,
    /// Which requests go through which proxy.
    pub(super) proxies: Option<Arc<Matcher>>,
}

impl Settings {
    /// Reads the settings; paths are relative to `directory`.
    ///
    /// # Errors
    ///
    /// A variable is not what it has to be, or a file cannot be read.
    pub(crate) fn read(env: &Environment, directory: &Path) -> Result<Self, EnvError> {
        const MAX: &str = "FUSE_HTTP_CLIENT_MAX_BODY_BYTES";
        let max = env.number(MAX, 1, u64::MAX / 2, "integer >= 1")?;
        let deny_private = env.truthy(DENY_PRIVATE);
        Ok(Self {
            body_bytes_max: max.unwrap_or(BODY_BYTES_MAX),
            deny_private,
            propagate: env.truthy("FUSE_HTTP_CLIENT_PROPAGATE"),
            log: logs_requests(env)?,
            extra_roots: extra_roots(env, directory)?,
            proxies: proxies(env, deny_private)?,
        })
    }
}

fn extra_roots(
    env: &Environment,
    directory: &Path,
) -> Result<Vec<CertificateDer<'static>>, EnvError> {
    let Some(file) = env.get(EXTRA_ROOTS)?.filter(|file| !file.is_empty()) else {
        return Ok(Vec::new());
    };
    let refuse = |why: String| {
        EnvError::expected(EXTRA_ROOTS, format!("a file of PEM certificates ({why})"))
    };
    let roots = CertificateDer::pem_file_iter(directory.join(file))
        .map_err(|error| refuse(error.to_string()))?
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| refuse(error.to_string()))?;
    if roots.is_empty() {
        return Err(refuse("there is none in it".to_owned()));
    }
    Ok(roots)
}

fn proxies(env: &Environment, deny_private: bool) -> Result<Option<Arc<Matcher>>, EnvError> {
    let mut given = [None, None];
    for (name, given) in ["HTTP_PROXY", "HTTPS_PROXY"].into_iter().zip(&mut given) {
        let Some(proxy) = env.get(name)?.filter(|proxy| !proxy.is_empty()) else {
            continue;
        };
        // A proxy resolves names itself: nobody could say where a request ends.
        if deny_private {
            let expected = format!("nothing, as {DENY_PRIVATE} is on");
            return Err(EnvError::expected(name, expected));
        }
        let is_plain = !proxy.contains("://") || proxy.starts_with("http://");
        let url = format!("http://{}", proxy.trim_start_matches("http://"));
        if !is_plain || url::Url::parse(&url).is_err() {
            return Err(EnvError::expected(
                name,
                "an address such as http://host:port",
            ));
        }
        *given = Some(url);
    }
    let [http, https] = given;
    if http.is_none() && https.is_none() {
        return Ok(None);
    }
    let mut matcher = Matcher::builder();
    if let Some(http) = http {
        matcher = matcher.http(http);
    }
    if let Some(https) = https {
        matcher = matcher.https(https);
    }
    let exceptions = env.get("NO_PROXY")?.unwrap_or_default();
    Ok(Some(Arc::new(matcher.no(exceptions.to_owned()).build())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let env = Environment::read(&variables.to_vec());
        Settings::read(&env, Path::new(".")).map_err(|error| error.to_string())
    }

    #[test]
    fn variables_that_are_not_understood_fail_the_start() {
        for variables in [
            &[("FUSE_HTTP_CLIENT_MAX_BODY_BYTES", "0")][..],
            &[("FUSE_EXTRA_CA_CERT_FILE", "/nowhere/roots.pem")],
            &[("HTTP_PROXY", "socks5://proxy:1")],
            &[("HTTPS_PROXY", "https://proxy:1")],
            &[("HTTP_PROXY", "proxy:x")],
            &[
                ("HTTP_PROXY", "proxy:1"),
                ("FUSE_HTTP_CLIENT_DENY_PRIVATE", "1"),
            ],
        ] {
            let error = read(variables).unwrap_err();
            assert!(
                error.starts_with(&format!("invalid {}: ", variables[0].0)),
                "{error}"
            );
        }
    }

    #[test]
    fn proxies_have_exceptions() {
        let settings = read(&[("HTTP_PROXY", "proxy:3128"), ("NO_PROXY", "plain.test")]).unwrap();
        let proxies = settings.proxies.unwrap();
        let through = |uri: &'static str| {
            let proxy = proxies.intercept(&http::Uri::from_static(uri))?;
            Some(proxy.uri().authority()?.to_string())
        };
        assert_eq!(through("http://far.test/"), Some("proxy:3128".into()));
        assert_eq!(through("http://plain.test/"), None);
        assert_eq!(through("https://far.test/"), None);
    }
}
