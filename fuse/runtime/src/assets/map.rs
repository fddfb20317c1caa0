//! `asset(path)`: from the name of a file to the path it is served under.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::decode::decode_json_value;
use crate::fault::{Fault, Outcome};
use crate::heap::Obj;
use crate::meta::Kind;
use crate::runtime::Runtime;

/// Bytes of the file at most.
const FILE_MAX: u64 = 16 * 1024 * 1024;

/// The map of assets, read when it is first asked for; in development again when
/// the file has changed.
#[derive(Default)]
pub(crate) struct Assets(Mutex<Option<Loaded>>);

#[derive(Clone)]
struct Loaded {
    map: Arc<Map>,
    modified: Option<SystemTime>,
}

/// From names to what stands for them.
struct Map {
    targets: HashMap<String, String>,
    /// The targets that are paths.
    paths: HashSet<String>,
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Assets").finish_non_exhaustive()
    }
}

impl Assets {
    /// The path of an asset: what the map says, or the name itself, with a slash at
    /// the front. A query and a fragment stay.
    ///
    /// # Errors
    ///
    /// The map cannot be read.
    pub(crate) fn path(&self, runtime: &Runtime, name: &str) -> Outcome<String> {
        let end = name.find(['?', '#']).unwrap_or(name.len());
        let (path, rest) = name.split_at(end);
        let map = &self.map(runtime)?.targets;
        let bare = path.strip_prefix('/').unwrap_or(path);
        let found = map
            .get(path)
            .or_else(|| map.get(bare))
            .or_else(|| map.get(&format!("/{bare}")));
        Ok(match found {
            Some(target) => format!("{target}{rest}"),
            None => format!("/{bare}{rest}"),
        })
    }

    /// Whether a path, decoded, is what stands for some asset. With a map that
    /// cannot be read none is.
    pub(crate) fn has_path(&self, runtime: &Runtime, path: &str) -> bool {
        self.map(runtime).is_ok_and(|map| map.paths.contains(path))
    }

    fn map(&self, runtime: &Runtime) -> Outcome<Arc<Map>> {
        let mut loaded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let file = runtime
            .options()
            .asset_map
            .as_ref()
            .map(|file| runtime.directory().join(file));
        let modified = file
            .as_deref()
            .filter(|_| runtime.options().dev_mode)
            .and_then(modified);
        if let Some(loaded) = &*loaded
            && loaded.modified == modified
        {
            return Ok(Arc::clone(&loaded.map));
        }
        let text = match &file {
            Some(file) => read(file)?,
            None => embedded(runtime),
        };
        let map = Arc::new(parse(&text)?);
        *loaded = Some(Loaded {
            map: Arc::clone(&map),
            modified,
        });
        Ok(map)
    }
}

fn modified(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file)
        .and_then(|data| data.modified())
        .ok()
}

/// The map that the program was built with.
fn embedded(runtime: &Runtime) -> String {
    let assets = runtime.meta().assets.iter();
    assets
        .filter(|asset| asset.path.is_empty())
        .map(|asset| asset.text.to_owned())
        .next()
        .unwrap_or_else(|| "{}".to_owned())
}

fn failed(reason: impl fmt::Display) -> Fault {
    Fault::error(format!("asset map error: {reason}"))
}

fn read(file: &Path) -> Outcome<String> {
    let size = std::fs::metadata(file).map_err(failed)?.len();
    if size > FILE_MAX {
        return Err(failed("the file is larger than 16 MiB"));
    }
    std::fs::read_to_string(file).map_err(failed)
}

fn parse(text: &str) -> Outcome<Map> {
    let value = decode_json_value(text).map_err(failed)?;
    let map = value.peek().as_kind(Kind::Map).map(Obj::map);
    let map = map.ok_or_else(|| failed("a JSON object expected"))?;
    let entries = map.iter().map(|(name, target)| {
        let target = target.as_text().ok_or_else(|| failed("texts expected"))?;
        Ok((
            name.as_text().unwrap_or_default().to_owned(),
            target.to_owned(),
        ))
    });
    let targets = entries.collect::<Outcome<HashMap<_, _>>>()?;
    let paths = targets.values().filter(|target| target.starts_with('/'));
    Ok(Map {
        paths: paths.cloned().collect(),
        targets,
    })
}
