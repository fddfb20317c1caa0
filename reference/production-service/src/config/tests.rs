use std::collections::BTreeMap;

use super::*;

/// A place to start the service from.
struct Place {
    directory: tempfile::TempDir,
    env: BTreeMap<&'static str, OsString>,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            env: BTreeMap::new(),
        }
    }

    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.directory.path().join(name), text).unwrap();
        self
    }

    fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.env.insert(name, value.into());
        self
    }

    fn load(&self, args: &[&str]) -> Result<Start, Problems> {
        let program = ["production-service"].into_iter();
        load_from(&Sources {
            args: program
                .chain(args.iter().copied())
                .map(Into::into)
                .collect(),
            env: &|name| self.env.get(name).cloned(),
            directory: self.directory.path(),
        })
    }

    fn config(&self, args: &[&str]) -> Config {
        match self.load(args).unwrap() {
            Start::Serve(config) => *config,
            other => panic!("{other:?}"),
        }
    }

    fn printed(&self, args: &[&str]) -> String {
        match self.load(args).unwrap() {
            Start::Print(text) => text,
            other => panic!("{other:?}"),
        }
    }

    fn problems(&self, args: &[&str]) -> Vec<String> {
        self.load(args).unwrap_err().texts().to_vec()
    }
}

#[test]
fn without_any_setup_the_defaults_hold() {
    let config = Place::new().config(&[]);
    assert_eq!(config.addr, "127.0.0.1:8081");
    assert_eq!(config.service_name, "plumego-production");
    assert_eq!(config.environment, "local");
    assert_eq!(config.body_limit_bytes, 1_048_576);
    assert_eq!((config.rate_limit.get(), config.rate_burst.get()), (20, 40));
    assert!(config.api_token.is_empty() && config.ops_token.is_empty());
    assert!(config.profile_store_path.is_none() && config.trusted_proxies.is_empty());
    assert!(config.write_key.is_empty() && config.cors_allowed_origins.is_empty());
    assert!(config.tls.is_none() && !config.debug && config.warnings.is_empty());
    assert_eq!(config.shutdown_timeout, Duration::from_secs(15));
    assert_eq!(config.request_timeout, Duration::from_secs(5));
}

#[test]
fn each_source_wins_over_those_before_it() {
    let place = Place::new().file(
        ".env",
        "APP_SERVICE_NAME=file\nAPP_ADDR=:1\nAPP_LOG_LEVEL=warn",
    );
    assert_eq!(place.config(&[]).service_name, "file");
    let place = place
        .env("APP_SERVICE_NAME", "environment")
        .env("APP_ADDR", ":2");
    assert_eq!(place.config(&[]).service_name, "environment");
    let config = place.config(&["--service-name", "flag"]);
    assert_eq!(
        (config.service_name.as_str(), config.addr.as_str()),
        ("flag", ":2")
    );
    assert_eq!(place.config(&["--service-name=flag"]).service_name, "flag");

    let printed = place.printed(&["--service-name", "flag", "--print-config"]);
    for (setting, source) in [
        ("APP_SERVICE_NAME=flag", "# flag"),
        ("APP_ADDR=:2", "# env"),
        ("APP_LOG_LEVEL=warn", "# env_file"),
        ("APP_LOG_FORMAT=text", "# default"),
    ] {
        let line = printed.lines().find(|line| line.starts_with(setting));
        assert!(line.unwrap().ends_with(source), "{printed}");
    }
}

#[test]
fn the_env_file_is_named_by_flag_or_environment() {
    let place = Place::new()
        .file(".env", "APP_SERVICE_NAME=default")
        .file("other.env", "APP_SERVICE_NAME=other")
        .file("third.env", "APP_SERVICE_NAME=third");
    assert_eq!(place.config(&[]).service_name, "default");
    let place = place.env("APP_ENV_FILE", "other.env");
    assert_eq!(place.config(&[]).service_name, "other");
    assert_eq!(
        place.config(&["--env-file", "third.env"]).service_name,
        "third"
    );
}

#[test]
fn only_the_default_env_file_may_be_absent() {
    let problems = Place::new().env("APP_ENV_FILE", "gone.env").problems(&[]);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("APP_ENV_FILE (environment): cannot read \"gone.env\""));
}

#[test]
fn an_empty_value_is_none_unless_it_clears() {
    let place = Place::new()
        .file(
            ".env",
            "APP_SERVICE_NAME=file\nAPP_WRITE_KEY=k3y\nAPP_CORS_ALLOWED_ORIGINS=https://a.example",
        )
        .env("APP_SERVICE_NAME", "")
        .env("APP_WRITE_KEY", "")
        .env("APP_CORS_ALLOWED_ORIGINS", "");
    let config = place.config(&[]);
    assert_eq!(config.service_name, "file");
    assert!(config.write_key.is_empty());
    assert!(config.cors_allowed_origins.is_empty());
}

#[test]
fn every_problem_is_reported_at_once_with_its_source() {
    let place = Place::new()
        .file(".env", "APP_BODY_LIMIT_BYTES=-1\nAPP_LOG_LEVEL=loud")
        .env("APP_ADDR", "nowhere")
        .env("APP_DEBUG", "maybe")
        .env("APP_TLS_ENABLED", "yes")
        .env("APP_CORS_ALLOWED_ORIGINS", "example.com");
    let problems = place.problems(&[
        "--shutdown-timeout",
        "soon",
        "--request-timeout=0s",
        "--nope",
    ]);
    let expected = [
        "unexpected argument '--nope' found",
        "APP_ADDR (environment): server address \"nowhere\" is invalid",
        "APP_DEBUG (environment): \"maybe\" is not true or false",
        "APP_LOG_LEVEL (env file): \"loud\" is not a level",
        "APP_BODY_LIMIT_BYTES (env file): \"-1\" is not a whole number of bytes above zero",
        "APP_CORS_ALLOWED_ORIGINS (environment): ",
        "APP_TLS_CERT_FILE: required with TLS",
        "APP_TLS_KEY_FILE: required with TLS",
        "--shutdown-timeout (flag): \"soon\" is not a duration",
        "--request-timeout (flag): expected a duration above zero",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(expected) {
        assert!(
            problem.starts_with(start),
            "{problem:?} should be {start:?}"
        );
    }
}

#[test]
fn tls_needs_both_files_and_only_when_it_is_on() {
    let place = Place::new().env("APP_TLS_CERT_FILE", "cert.pem");
    assert!(place.config(&[]).tls.is_none());
    assert_eq!(
        place.problems(&["--tls-enabled"]),
        ["APP_TLS_KEY_FILE: required with TLS"]
    );
    let config = place.config(&["--tls-enabled", "--tls-key-file", "key.pem"]);
    let tls = config.tls.unwrap();
    assert_eq!(tls.cert_file, Path::new("cert.pem"));
    assert_eq!(tls.key_file, Path::new("key.pem"));
    let config = place.config(&["--tls-enabled", "false"]);
    assert!(config.tls.is_none());
}

#[test]
fn limits_are_above_zero() {
    for name in [
        "APP_BODY_LIMIT_BYTES",
        "APP_RATE_LIMIT",
        "APP_RATE_BURST",
        "APP_REQUEST_TIMEOUT",
        "APP_READ_HEADER_TIMEOUT",
        "APP_READ_TIMEOUT",
        "APP_WRITE_TIMEOUT",
        "APP_IDLE_TIMEOUT",
    ] {
        for value in ["0", "-1", "many"] {
            let problems = Place::new().env(name, value).problems(&[]);
            assert_eq!(problems.len(), 1, "{name}={value}: {problems:?}");
            assert!(problems[0].starts_with(name), "{problems:?}");
        }
    }
}

#[test]
fn proxies_are_networks_and_labels_are_words() {
    let place = Place::new().env("APP_TRUSTED_PROXIES", "10.0.0.0/8, ::1,unix");
    let config = place.config(&["--env", "staging-2"]);
    assert_eq!(config.trusted_proxies, ["10.0.0.0/8", "::1", "unix"]);
    assert_eq!(config.environment, "staging-2");
    let problems = Place::new()
        .env("APP_TRUSTED_PROXIES", "proxy.example")
        .problems(&["--env", "Production!"]);
    assert_eq!(problems.len(), 2, "{problems:?}");
}

/// Everything that production wants.
fn production() -> Place {
    Place::new()
        .env("APP_ENV", "production")
        .env("APP_WRITE_KEY", "0f1e2d3c4b5a69788796a5b4c3d2e1f0")
        .env("APP_API_TOKEN", "1a2b3c4d5e6f708192a3b4c5d6e7f809")
        .env("OPS_TOKEN", "9081726354453627180f9e8d7c6b5a49")
        .env("APP_CORS_ALLOWED_ORIGINS", "https://app.plumego.test")
}

#[test]
fn production_starts_with_secure_settings() {
    let config = production().config(&[]);
    assert!(config.is_production());
    assert!(!Place::new().config(&[]).is_production());
}

#[test]
fn production_names_every_insecure_setting_with_a_remedy() {
    let place = Place::new()
        .env("APP_ENV", "production")
        .env("APP_TRUSTED_PROXIES", "0.0.0.0/0,10.0.0.0/8");
    let problems = place.problems(&["--debug"]);
    let expected = [
        "APP_WRITE_KEY (APP_ENV=production): not set; set it to the output of `openssl rand",
        "APP_API_TOKEN (APP_ENV=production): not set; set it to the output of `openssl rand",
        "OPS_TOKEN (APP_ENV=production): not set; set it to the output of `openssl rand",
        "APP_CORS_ALLOWED_ORIGINS (APP_ENV=production): not set, ",
        "APP_DEBUG (APP_ENV=production): shows causes of failures to clients; leave it off",
        "APP_TRUSTED_PROXIES (APP_ENV=production): \"0.0.0.0/0\" lets every client choose",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(expected) {
        assert!(
            problem.starts_with(start),
            "{problem:?} should be {start:?}"
        );
        assert!(problem.contains("; "), "no remedy: {problem}");
    }
}

#[test]
fn production_refuses_secrets_that_are_none_and_shows_no_part_of_them() {
    for (weak, why) in [
        ("hunter2hunter2", "shorter than 32 characters"),
        (
            "CHANGE-me-change-me-change-me-0123456789",
            "looks like a placeholder",
        ),
        (
            "your_api_key_0123456789abcdefghijkl",
            "looks like a placeholder",
        ),
        (
            "abababababababababababababababababab",
            "fewer than 8 different characters",
        ),
    ] {
        for name in ["APP_WRITE_KEY", "APP_API_TOKEN", "OPS_TOKEN"] {
            let problems = production().env(name, weak).problems(&[]);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(
                problems[0].starts_with(name) && problems[0].contains(why),
                "{problems:?}"
            );
            assert!(
                !problems[0].contains(weak) && !problems[0].contains("hunter"),
                "{problems:?}"
            );
        }
    }
}

#[test]
fn production_refuses_one_secret_for_two_doors() {
    let problems = production()
        .env("OPS_TOKEN", "1a2b3c4d5e6f708192a3b4c5d6e7f809")
        .problems(&[]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].contains("the same as APP_API_TOKEN"),
        "{problems:?}"
    );
}

#[test]
fn production_refuses_origins_that_anybody_can_have() {
    let origins = "https://*.plumego.test,http://app.plumego.test,https://app.plumego.test";
    let problems = production()
        .env("APP_CORS_ALLOWED_ORIGINS", origins)
        .problems(&[]);
    assert_eq!(problems.len(), 2, "{problems:?}");
    let wildcard = production()
        .env("APP_CORS_ALLOWED_ORIGINS", "*")
        .problems(&[]);
    assert_eq!(wildcard.len(), 1, "{wildcard:?}");
}

#[test]
fn elsewhere_insecure_settings_are_allowed() {
    let config = Place::new()
        .env("APP_ENV", "staging")
        .env("APP_API_TOKEN", "x")
        .config(&["--debug"]);
    assert!(config.debug && config.write_key.is_empty());
}

#[test]
fn origins_are_a_list() {
    let origins = " https://a.example, ,https://b.example:8443,";
    let config = Place::new()
        .env("APP_CORS_ALLOWED_ORIGINS", origins)
        .config(&[]);
    assert_eq!(
        config.cors_allowed_origins,
        ["https://a.example", "https://b.example:8443"]
    );
}

#[test]
fn flags_for_somebody_else_stand_behind_two_dashes() {
    let config = Place::new().config(&["--addr", ":9", "--", "--nope", "x"]);
    assert_eq!(config.addr, ":9");
    assert_eq!(Place::new().problems(&["stray"]).len(), 1);
}

#[test]
fn a_flag_without_a_value_is_refused() {
    assert_eq!(Place::new().problems(&["--addr", ""]).len(), 1);
    assert_eq!(Place::new().problems(&["--addr"]).len(), 1);
}

#[test]
fn secrets_are_no_flags_and_are_never_shown() {
    let place = Place::new().file(".env", "APP_WRITE_KEY=hunter2");
    assert_eq!(place.config(&[]).write_key.expose(), "hunter2");
    assert!(!format!("{:?}", place.config(&[])).contains("hunter2"));
    let printed = place.printed(&["--print-config"]);
    assert!(printed.contains("APP_WRITE_KEY=***") && !printed.contains("hunter2"));
    assert_eq!(place.problems(&["--write-key", "x"]).len(), 1);

    let place = place.env("APP_WRITE_KEY", "hunter 2");
    let problems = place.problems(&[]);
    assert!(problems[0].starts_with("APP_WRITE_KEY (environment): *** is not visible ASCII"));
}

#[test]
fn lines_of_an_env_file_are_blamed_by_number_and_not_shown() {
    let place = Place::new().file(".env", "APP_ADDR=:1\nAPP_WRITE_KEY=ab$hunter2\nhunter2\n");
    let problems = place.problems(&[]);
    assert_eq!(problems.len(), 2);
    assert!(problems[0].starts_with(".env line 2: `$`") && problems[1].starts_with(".env line 3:"));
    assert!(!problems.concat().contains("hunter2"));
}

#[test]
fn what_is_probably_a_mistake_in_an_env_file_is_a_warning() {
    let place = Place::new().file(".env", "APP_ADRR=:1\nAPP_ADDR=:1\nAPP_ADDR=:2\nOTHER=1\n");
    let config = place.config(&[]);
    assert_eq!(config.addr, ":2");
    assert_eq!(
        config.warnings,
        [
            ".env: APP_ADDR is given more than once; line 3 counts",
            ".env: APP_ADRR is not a variable of this service",
        ]
    );
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let garbage = OsString::from_vec(vec![0xff]);
    let problems = Place::new().env("APP_SERVICE_NAME", garbage).problems(&[]);
    assert_eq!(
        problems,
        ["APP_SERVICE_NAME (environment): not valid UTF-8"]
    );
}

#[test]
fn a_tool_can_ask_for_a_description() {
    let place = Place::new().env("PLUMEGO_DESCRIBE", "routes");
    assert_eq!(
        place.problems(&[]),
        ["PLUMEGO_DESCRIBE_OUT: required with PLUMEGO_DESCRIBE"]
    );
    let place = place.env("PLUMEGO_DESCRIBE_OUT", "out.json");
    let Start::Describe(_, description) = place.load(&[]).unwrap() else {
        panic!("a description was asked for");
    };
    assert_eq!(description.kind, DescriptionKind::Routes);
    assert_eq!(description.out, Path::new("out.json"));
    assert_eq!(
        place.env("PLUMEGO_DESCRIBE", "weather").problems(&[]).len(),
        1
    );
}

#[test]
fn help_names_every_flag() {
    let help = Place::new().printed(&["--help"]);
    for variable in variables::VARIABLES {
        if let Some(flag) = variable.flag_name() {
            assert!(help.contains(&flag), "{flag}");
        }
    }
}
