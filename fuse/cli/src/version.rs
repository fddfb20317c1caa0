//! What this command is.

/// The version of the command.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit it was built from; `unknown` in a build that was not told.
pub(crate) const COMMIT: &str = match option_env!("FUSE_BUILD_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// The platform it was built for.
pub(crate) const TARGET: &str = env!("FUSE_BUILD_TARGET");

/// `fuse <version> (<commit>, <target>)`.
pub(crate) fn line() -> String {
    format!("fuse {VERSION} ({COMMIT}, {TARGET})\n")
}

/// The version, and what it works with.
pub(crate) fn verbose() -> String {
    format!(
        "{}lock file: version {}\n",
        line(),
        fuse_check::package::LOCK_VERSION
    )
}

/// The version as packages compare with it.
pub(crate) fn semantic() -> semver::Version {
    // The version of a crate is one by the rules of Cargo.
    semver::Version::parse(VERSION).unwrap_or(semver::Version::new(0, 0, 0))
}
