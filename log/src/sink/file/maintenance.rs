//! The directory of log files: names, links, and who tidies up.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;

use super::{
    FileConfig, clean,
    name::{self, Stream},
};

/// A directory with the files of one program in it.
pub(super) struct Place {
    pub(super) config: FileConfig,
    pub(super) program: String,
    pub(super) host: String,
    pub(super) pid: u32,
    /// Files written to; nobody may remove or compress them.
    current: Mutex<BTreeSet<PathBuf>>,
    /// The time stamp of the newest file.
    last_stamp: Mutex<Option<SystemTime>>,
}

impl Place {
    pub(super) fn new(config: FileConfig) -> Self {
        let program = config.program.clone().filter(|name| !name.is_empty());
        let host = config
            .host
            .clone()
            .or_else(host_name)
            .filter(|name| !name.is_empty());
        Self {
            program: name::sanitized(&program.unwrap_or_else(executable_name), true),
            host: name::sanitized(host.as_deref().unwrap_or("unknown"), false),
            pid: std::process::id(),
            current: Mutex::default(),
            last_stamp: Mutex::default(),
            config,
        }
    }

    pub(super) fn create_dir(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
        builder.create(&self.config.dir)
    }

    /// A path no file had before. Time stamps of one process only grow, whatever
    /// the clock does: a compressed file must not meet another of its name.
    pub(super) fn next_path(&self, stream: Stream, now: SystemTime) -> PathBuf {
        let time = {
            let mut last = self.last_stamp.lock();
            let next = last.map_or(now, |last| now.max(last + Duration::from_nanos(1)));
            *last = Some(next);
            next
        };
        self.config.dir.join(name::file_name(
            &self.program,
            &self.host,
            stream,
            time,
            self.pid,
        ))
    }

    pub(super) fn link(&self, stream: Stream) -> PathBuf {
        self.config
            .dir
            .join(format!("{}.{}", self.program, stream.name()))
    }

    /// Makes the link of a stream point at a file of the same directory, in one
    /// step. Something else of the link's name is left alone.
    pub(super) fn point_link(&self, stream: Stream, file: &Path) -> io::Result<()> {
        let link = self.link(stream);
        match fs::symlink_metadata(&link) {
            Ok(metadata) if !metadata.is_symlink() => {
                return Err(io::Error::new(
                    ErrorKind::AlreadyExists,
                    format!("{} is in the way of the log link", link.display()),
                ));
            }
            _ => {}
        }
        let target = file.file_name().unwrap_or(file.as_os_str());
        let staged = self.config.dir.join(format!(
            ".{}.{}.{}.link",
            self.program,
            stream.name(),
            self.pid
        ));
        // Left over from a process that was killed in between.
        let _ = fs::remove_file(&staged);
        make_link(Path::new(target), &staged)?;
        fs::rename(&staged, &link).inspect_err(|_| drop(fs::remove_file(&staged)))
    }

    /// Puts a link back to what it was before; best effort while failing.
    pub(super) fn restore_link(&self, stream: Stream, before: Option<PathBuf>) {
        let _ = match before {
            Some(target) => self.point_link(stream, &target),
            None => fs::remove_file(self.link(stream)),
        };
    }

    pub(super) fn remember(&self, path: &Path) {
        self.current.lock().insert(path.to_owned());
    }

    pub(super) fn forget(&self, path: &Path) {
        self.current.lock().remove(path);
    }

    pub(super) fn is_current(&self, path: &Path) -> bool {
        self.current.lock().contains(path)
    }

    pub(super) fn report(&self, line: &str) {
        self.config.report(line);
    }
}

#[cfg(unix)]
fn make_link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn make_link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}

fn executable_name() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "program".to_owned())
}

/// The machine's name up to the first dot, where the system shows it in a file.
fn host_name() -> Option<String> {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| {
            let name = fs::read_to_string(path).ok()?;
            let short = name.trim().split('.').next()?;
            (!short.is_empty()).then(|| short.to_owned())
        })
}

/// Tidies up after opening and after each rotation. Dropping it waits for what
/// is under way.
pub(super) struct Maintenance {
    place: Arc<Place>,
    worker: Option<Worker>,
}

struct Worker {
    requests: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Maintenance {
    /// Compression gets a thread; removing files is quick enough without.
    pub(super) fn start(place: &Arc<Place>) -> io::Result<Self> {
        let worker = if place.config.compress {
            let (requests, receiver) = mpsc::channel();
            let place = Arc::clone(place);
            let thread = thread::Builder::new()
                .name("plumego-log-gzip".to_owned())
                .spawn(move || receiver.into_iter().for_each(|()| clean::tidy(&place)))?;
            Some(Worker { requests, thread })
        } else {
            None
        };
        Ok(Self {
            place: Arc::clone(place),
            worker,
        })
    }

    pub(super) fn run(&self) {
        match &self.worker {
            // A worker that has panicked takes no request; the files just stay.
            Some(worker) => drop(worker.requests.send(())),
            None => clean::tidy(&self.place),
        }
    }
}

impl Drop for Maintenance {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            drop(worker.requests);
            // Its panic, if any, has been printed; there is nothing to add.
            let _ = worker.thread.join();
        }
    }
}
