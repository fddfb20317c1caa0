//! `fuse dev`: runs a program, and runs it again when it changes.

mod child;
mod reload;
mod watch;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use clap::Args;
use fuse_check::api::api_model;
use fuse_check::package::Manifest;
use fuse_syntax::diagnostic::{ERRORS_SHOWN, limit};
use fuse_syntax::{Diagnostic, Files, SourceFile};

use self::child::{Child, Start};
use self::reload::{Notice, Reload};
use self::watch::{Sources, Watch};
use super::Outcome;
use crate::arguments::Format;
use crate::assets::{Naming, Step};
use crate::build_lock::{DirectoryLock, LockError};
use crate::failure::{Ended, Failure, code};
use crate::openapi;
use crate::output::{Output, Verbosity};
use crate::program::{AssetFlags, ProgramFlags};
use crate::project::{Checked, FUSE_DIRECTORY, Project};
use crate::signals;
use crate::write::replace_file;

/// How long nothing may happen until a change counts as complete.
const QUIET: Duration = Duration::from_millis(30);

/// How long a program gets for requests that run when it is started again.
const GRACE_MS: &str = "1500";

#[derive(Debug, Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    program: ProgramFlags,

    #[command(flatten)]
    assets: AssetFlags,

    /// Apply pending migrations before every start
    #[arg(long)]
    migrate: bool,

    /// Write the port that the program serves on to this file
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,

    /// Leave pages in browsers as they are
    #[arg(long)]
    no_reload: bool,
}

/// What happens while a program is worked on.
#[derive(Debug)]
enum Event {
    /// Something in a directory of the program.
    Changed,
    /// Nothing has happened there for a moment.
    Settled,
    /// The program accepts connections.
    Serving(Start, SocketAddr),
    /// The program is over.
    Exited(Start, Option<ExitStatus>),
    /// Somebody wants this to end.
    Signal(i32),
}

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    let project = Project::select(&flags.program.selection)?;
    let _lock = only_one(&project, output)?;
    let (send, events) = mpsc::channel();
    let interrupted = send.clone();
    signals::on_interrupt(move |signal| {
        // Nobody listens any more at the end.
        let _ = interrupted.send(Event::Signal(signal));
    });
    let reload = match flags.no_reload {
        true => None,
        false => Some(Reload::start().map_err(|problem| failed("live reload", &problem))?),
    };
    if let Some(reload) = &reload {
        output.info(&format!("[dev] live reload websocket: {}", reload.url()));
    }
    let watch = Watch::new(&send).map_err(|problem| failed("watching files", &problem))?;
    let mut session = Session {
        sources: Sources::of(&project),
        project,
        flags,
        output,
        reload,
        watch,
        send,
        child: None,
        starts: Start::default(),
        port: None,
        broken: None,
        manifest: None,
    };
    session.sources.look();
    session.changed(&[])?;
    session.until_interrupted(&events)
}

fn failed(what: &str, problem: &dyn std::error::Error) -> Failure {
    Failure::new(code::DEV, format!("{what} does not work: {problem}"))
}

/// Two of these in one package would restart each other's programs.
fn only_one(project: &Project, output: &Output) -> Result<Option<DirectoryLock>, Failure> {
    let mut waiting = |_: &Path| {
        output.info("[dev] another fuse dev runs in this package; waiting for its end");
    };
    match DirectoryLock::take(&dev_directory(project), &mut waiting) {
        Ok(lock) => Ok(Some(lock)),
        // Where nothing can be written, nobody else can be kept out.
        Err(LockError::Io(_)) => Ok(None),
        Err(busy @ LockError::Busy(_)) => Err(Failure::new(code::LOCK_BUSY, busy.to_string())
            .hint("end the other command, or try again when it is done")),
    }
}

fn dev_directory(project: &Project) -> PathBuf {
    project.root.join(FUSE_DIRECTORY).join("dev")
}

/// A program that is worked on.
struct Session<'a> {
    project: Project,
    flags: &'a Flags,
    output: &'a Output,
    reload: Option<Reload>,
    sources: Sources,
    watch: Watch,
    send: Sender<Event>,
    child: Option<Child>,
    starts: Start,
    /// The first port the program had, if it lets the system choose.
    port: Option<u16>,
    /// The start that was the last one when the sources were found to be wrong; a
    /// later one is of sources that were right again.
    broken: Option<Start>,
    /// What the manifest said when it was last right.
    manifest: Option<Manifest>,
}

impl Session<'_> {
    fn until_interrupted(&mut self, events: &Receiver<Event>) -> Outcome {
        let mut waiting: VecDeque<Event> = VecDeque::new();
        loop {
            let next = waiting.pop_front().or_else(|| events.recv().ok());
            // The session itself can always send.
            let Some(event) = next else {
                return Ok(ExitCode::SUCCESS);
            };
            match event {
                Event::Changed => {
                    settle(events, &mut waiting);
                    // What happened meanwhile comes first: that the program
                    // serves, above all, and where.
                    waiting.push_back(Event::Settled);
                }
                Event::Settled => {
                    let changed = self.sources.look();
                    if !changed.is_empty() {
                        self.changed(&changed)?;
                    }
                }
                Event::Serving(start, address) => self.serving(start, address)?,
                Event::Exited(start, status) => self.exited(start, status),
                Event::Signal(signal) => return Ok(self.end(signal)),
            }
        }
    }

    /// Follows the program: checks it, and starts it when it is right.
    fn changed(&mut self, changed: &[PathBuf]) -> Result<(), Ended> {
        let is_style = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "css");
        let only_styles = !changed.is_empty() && changed.iter().all(is_style);
        if only_styles && self.child.is_some() && self.broken.is_none() {
            return self.restyle();
        }
        let options = self.flags.program.check_options(false);
        let mut checked = match self.project.check(&options, self.output) {
            Ok(checked) => checked,
            Err(ended) => return self.cannot_check(ended),
        };
        let mut diagnostics = std::mem::take(&mut checked.diagnostics);
        limit(&mut diagnostics, checked.files(), ERRORS_SHOWN);
        self.output.diagnostics(&diagnostics, checked.files());
        let manifest = manifest_of(&checked);
        if let Some(graph) = &checked.graph {
            self.sources.learn(&self.project, graph, manifest.as_ref());
        }
        self.follow()?;
        let error = diagnostics.iter().find(|one| one.is_error());
        if let Some(error) = error {
            self.does_not_compile(place(error, checked.files()));
            return Ok(());
        }
        self.manifest = manifest;
        let map = match self.assets() {
            Ok(map) => map,
            Err(failure) => {
                self.assets_failed(&failure);
                return Ok(());
            }
        };
        if !changed.is_empty() {
            self.output.info("[dev] change detected, restarting...");
        }
        let document = self.document(&checked);
        self.restart(document, map)
    }

    /// Only style sheets changed: pages take the new ones as they are.
    fn restyle(&mut self) -> Result<(), Ended> {
        match self.assets() {
            Ok(_) => self.tell(&Notice::Css),
            Err(failure) => self.assets_failed(&failure),
        }
        self.follow()
    }

    /// Makes the files ready that pages load; gives their map.
    fn assets(&self) -> Result<Option<PathBuf>, Failure> {
        let Some(manifest) = &self.manifest else {
            return Ok(None);
        };
        let step = Step {
            root: &self.project.root,
            manifest,
            naming: Naming::Plain,
            hooks: !self.flags.assets.no_hooks,
        };
        step.run(self.output)
    }

    fn assets_failed(&mut self, failure: &Failure) {
        self.output.failure(failure);
        self.does_not_compile(failure.to_string());
    }

    /// Watches what the program is made of now. What changed meanwhile is found
    /// by looking again.
    fn follow(&mut self) -> Result<(), Ended> {
        let followed = self.watch.follow(&self.sources);
        followed.map_err(|problem| failed("watching files", &problem))?;
        let _ = self.send.send(Event::Changed);
        Ok(())
    }

    fn cannot_check(&mut self, ended: Ended) -> Result<(), Ended> {
        let message = match &ended {
            Ended::Failed(failure) => {
                self.output.failure(failure);
                failure.to_string()
            }
            Ended::Reported(_) | Ended::Defect => "the program cannot be read".to_owned(),
        };
        self.does_not_compile(message);
        self.follow()
    }

    /// The program that runs goes on: it is the last that was right.
    fn does_not_compile(&mut self, message: String) {
        self.broken = Some(self.starts);
        let said = "[dev] compile error; waiting for changes...";
        self.output.info(said);
        self.tell(&Notice::CompileError { message });
    }

    fn restart(&mut self, document: Option<PathBuf>, map: Option<PathBuf>) -> Result<(), Ended> {
        if let Some(child) = self.child.take() {
            child.stop(signals::TERMINATE);
            // It may have begun to serve while its successor was made ready.
            self.port = self.port.or(child.address().map(|address| address.port()));
        }
        self.starts = Start(self.starts.0 + 1);
        let started = Child::spawn(
            self.starts,
            &self.arguments(),
            &self.variables(document, map),
            self.send.clone(),
        );
        self.child = Some(started.map_err(|problem| failed("starting the program", &problem))?);
        Ok(())
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> =
            vec!["run".into(), "--checked".into(), "--no-hooks".into()];
        arguments.extend(self.flags.program.arguments());
        if self.flags.migrate {
            arguments.push("--migrate".into());
        }
        arguments.push(match self.output.verbosity {
            Verbosity::Verbose => "--verbose".into(),
            _ => "--quiet".into(),
        });
        if self.output.format == Format::Json {
            arguments.extend(["--diagnostics".into(), "json".into()]);
        }
        arguments
    }

    fn variables(
        &self,
        document: Option<PathBuf>,
        map: Option<PathBuf>,
    ) -> Vec<(String, OsString)> {
        let mut variables: Vec<(String, OsString)> = Vec::new();
        let mut set = |name: &str, value: OsString| variables.push((name.to_owned(), value));
        set("FUSE_DEV_MODE", "1".into());
        if let Some(reload) = &self.reload {
            set("FUSE_DEV_RELOAD_WS_URL", reload.url().into());
        }
        if let Some(port) = self.port {
            set("FUSE_DEV_PORT", port.to_string().into());
        }
        let mut unless_set = |name: &str, value: OsString| {
            if std::env::var_os(name).is_none() {
                set(name, value);
            }
        };
        unless_set("FUSE_SHUTDOWN_GRACE_MS", GRACE_MS.into());
        if let Some(map) = map {
            unless_set("FUSE_ASSET_MAP", map.into_os_string());
        }
        if let Some(document) = document {
            unless_set("FUSE_OPENAPI_JSON_PATH", document.into_os_string());
            let manifest = self.manifest.as_ref();
            let path = manifest.and_then(|manifest| manifest.serve.openapi_path.as_ref());
            if let Some(path) = path {
                unless_set("FUSE_OPENAPI_UI_PATH", path.value.as_str().into());
            }
        }
        variables
    }

    /// Writes the document for the documentation page, where there are routes to
    /// describe and the page is wanted.
    fn document(&self, checked: &Checked) -> Option<PathBuf> {
        let manifest = self.manifest.as_ref();
        if manifest.is_some_and(|manifest| manifest.serve.openapi_ui == Some(false)) {
            return None;
        }
        let model = api_model(checked.program.as_ref()?);
        if model.services.is_empty() {
            return None;
        }
        let path = dev_directory(&self.project).join("openapi.json");
        let document = openapi::document(&model).map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            problems.join("; ")
        });
        let written = document.and_then(|document| {
            let directory = path.parent().map_or(Ok(()), fs::create_dir_all);
            let written = directory.and_then(|()| replace_file(&path, &document));
            written.map_err(|problem| problem.to_string())
        });
        match written {
            Ok(()) => Some(path),
            Err(problem) => {
                let message = format!("[dev] no documentation page: {problem}");
                self.output.info(&message);
                None
            }
        }
    }

    fn serving(&mut self, start: Start, address: SocketAddr) -> Result<(), Ended> {
        if start != self.starts {
            return Ok(());
        }
        self.port.get_or_insert(address.port());
        if let Some(path) = &self.flags.port_file {
            let line = format!("{}\n", address.port());
            replace_file(path, line.as_bytes())
                .map_err(|problem| Failure::write(path, &problem))?;
        }
        // One that was started before says nothing about what is wrong now.
        if self.broken.is_some_and(|broken| broken != start) {
            self.broken = None;
            self.tell(&Notice::ClearError);
        }
        if start != Start(1) {
            self.tell(&Notice::Reload);
        }
        Ok(())
    }

    fn exited(&mut self, start: Start, status: Option<ExitStatus>) {
        let current = self
            .child
            .as_ref()
            .is_some_and(|child| child.start == start);
        if !current {
            return;
        }
        self.child = None;
        let status = status.map_or_else(|| "unknown".to_owned(), |status| status.to_string());
        let said = format!("[dev] app exited ({status}); waiting for changes...");
        self.output.info(&said);
    }

    /// Ends the program as this was asked to end, with its status.
    fn end(&mut self, signal: i32) -> ExitCode {
        let status = self.child.take().and_then(|child| child.stop(signal));
        let status = status.map_or(Some(0), |status| status.code());
        status
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from)
    }

    fn tell(&self, notice: &Notice) {
        if let Some(reload) = &self.reload {
            reload.tell(notice);
        }
    }
}

fn manifest_of(checked: &Checked) -> Option<Manifest> {
    let graph = checked.graph.as_ref()?;
    graph.packages.root().manifest.clone()
}

/// Waits until nothing happens for a moment: editors write in several steps,
/// and files are saved together.
fn settle(events: &Receiver<Event>, waiting: &mut VecDeque<Event>) {
    loop {
        match events.recv_timeout(QUIET) {
            Ok(Event::Changed) => {}
            Ok(other) => waiting.push_back(other),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
}

/// `path:line:col: message` of a diagnostic.
fn place(diagnostic: &Diagnostic, files: &Files) -> String {
    let path = files.get(diagnostic.span.file).map(SourceFile::path);
    match (path, files.position(diagnostic.span)) {
        (Some(path), Some(at)) => {
            format!("{path}:{}:{}: {}", at.line, at.column, diagnostic.message)
        }
        _ => diagnostic.message.clone(),
    }
}
