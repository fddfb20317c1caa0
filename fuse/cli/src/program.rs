//! A checked program with everything it needs to run.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use fuse_check::api::api_model;
use fuse_check::canon;
use fuse_check::package::Manifest;
use fuse_interp::{Counts, Interpreter};
use fuse_runtime::config::parse_dotenv;
use fuse_runtime::meta::ProgramMeta;
use fuse_runtime::system::{EnvSource, Stdio, is_truthy};
use fuse_runtime::{Runtime, RuntimeBuilder};
use fuse_syntax::diagnostic::{ERRORS_SHOWN, limit};

use crate::arguments::{LockFlags, Selection};
use crate::assets::{self, Naming, Step};
use crate::failure::{Ended, Failure, code};
use crate::openapi;
use crate::output::Output;
use crate::project::{CheckOptions, Project, app_problem};
use crate::write::replace_file;

/// Where Vite listens, unless the manifest says otherwise.
const VITE_URL: &str = "http://127.0.0.1:5173";

/// Flags of the commands that run something of a program.
#[derive(Debug, Args)]
pub(crate) struct ProgramFlags {
    #[command(flatten)]
    pub(crate) selection: Selection,

    /// What runs the program [default: the manifest's, else ast]
    #[arg(long, value_name = "BACKEND")]
    backend: Option<Backend>,

    /// Also hold the program to the rules of layers, capabilities and error domains
    #[arg(long)]
    strict_architecture: bool,

    #[command(flatten)]
    lock: LockFlags,
}

impl ProgramFlags {
    /// What to look for in the program.
    pub(crate) fn check_options(&self, tests: bool) -> CheckOptions {
        CheckOptions {
            strict_architecture: self.strict_architecture,
            tests,
            lock: self.lock,
        }
    }

    /// The flags as words, for a command that starts another one.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let selection = &self.selection;
        let mut words: Vec<OsString> = selection.path.iter().map(Into::into).collect();
        let mut add = |name: &str, value: OsString| words.extend([name.into(), value]);
        if let Some(path) = &selection.manifest_path {
            add("--manifest-path", path.into());
        }
        if let Some(file) = &selection.file {
            add("--file", file.into());
        }
        if let Some(app) = &selection.app {
            add("--app", app.into());
        }
        if let Some(value) = self.backend.and_then(|one| one.to_possible_value()) {
            add("--backend", value.get_name().into());
        }
        let switches = [
            ("--strict-architecture", self.strict_architecture),
            ("--frozen", self.lock.frozen),
            ("--offline", self.lock.offline),
        ];
        let on = switches.into_iter().filter(|(_, on)| *on);
        words.extend(on.map(|(name, _)| name.into()));
        words
    }
}

/// Flags of the commands that make assets ready.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct AssetFlags {
    /// Leave out the shell commands of the manifest
    #[arg(long)]
    pub(crate) no_hooks: bool,
}

/// What runs a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Backend {
    /// The interpreter.
    Ast,
    /// Machine code.
    Native,
}

/// How far a program is prepared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Preparation {
    /// With its tests.
    pub(crate) tests: bool,
    /// With numbers of how often what is executed.
    pub(crate) counting: bool,
    /// Somebody else has said what there is to say about its sources.
    pub(crate) checked: bool,
    /// With the files that pages load.
    pub(crate) assets: Option<AssetFlags>,
}

/// A program that can be started.
pub(crate) struct Program {
    interpreter: Interpreter,
    variables: Vec<(OsString, OsString)>,
    /// What the manifest says.
    pub(crate) manifest: Option<Manifest>,
}

/// The environment as the program sees it.
struct Variables(Vec<(OsString, OsString)>);

impl EnvSource for Variables {
    fn variables(&self) -> Vec<(OsString, OsString)> {
        self.0.clone()
    }
}

impl Program {
    /// Checks and prepares the program that the flags name. Its diagnostics are
    /// printed; errors end the command.
    pub(crate) fn prepare(
        flags: &ProgramFlags,
        preparation: Preparation,
        output: &Output,
    ) -> Result<Self, Ended> {
        let options = flags.check_options(preparation.tests);
        let warn = !preparation.checked;
        let lowered = Lowered::with(&flags.selection, &options, warn, output)?;
        let Lowered {
            project,
            program,
            manifest,
        } = lowered;
        choose_backend(flags.backend, manifest.as_ref())?;
        let app = choose_app(&program, flags.selection.app.as_deref(), manifest.as_ref())?;
        let document = documentation(&project, &program, manifest.as_ref())?;
        let mut variables = environment(&project, output)?;
        if let Some(manifest) = &manifest {
            let is_known = |name| variables.iter().any(|(known, _)| known == name);
            let map = match preparation.assets {
                Some(flags) if !is_known("FUSE_ASSET_MAP") => {
                    let step = Step {
                        root: &project.root,
                        manifest,
                        naming: Naming::AsAsked,
                        hooks: !flags.no_hooks,
                    };
                    step.run(output)?
                }
                _ => None,
            };
            from_manifest(&mut variables, &project, manifest, document, map);
        }
        let svg = svg_directory(&project).into_os_string();
        add(&mut variables, "FUSE_SVG_DIR", svg);
        let interpreter = match preparation.counting {
            true => Interpreter::counting(program, app.as_deref()),
            false => Interpreter::new(program, app.as_deref()),
        };
        Ok(Self {
            variables,
            interpreter,
            manifest,
        })
    }

    /// What the runtime knows of it.
    pub(crate) fn meta(&self) -> &'static ProgramMeta {
        self.interpreter.meta()
    }

    /// The program itself.
    pub(crate) fn canonical(&self) -> &'static canon::Program {
        self.interpreter.program()
    }

    /// How often each node of it was evaluated, if that is counted.
    pub(crate) fn counts(&self) -> Option<&'static Counts> {
        self.interpreter.counts()
    }

    /// The variable, from the process, the `.env` file or the manifest.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsString> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// A runtime for one run, with these variables in place of others.
    pub(crate) fn runtime(
        &self,
        overrides: &[(&str, OsString)],
        stdio: Stdio,
    ) -> Result<Runtime, Failure> {
        let mut variables = self.variables.clone();
        for (name, value) in overrides {
            variables.retain(|(known, _)| known != name);
            variables.push(((*name).into(), value.clone()));
        }
        let builder: RuntimeBuilder = Runtime::builder()
            .env(Arc::new(Variables(variables)))
            .stdio(stdio);
        builder
            .build(self.meta(), Box::new(self.interpreter))
            .map_err(|problem| Failure::new(code::ENVIRONMENT, problem.to_string()))
    }
}

/// A program that is right, in canonical form.
pub(crate) struct Lowered {
    pub(crate) project: Project,
    pub(crate) program: canon::Program,
    /// What the manifest says.
    pub(crate) manifest: Option<Manifest>,
}

impl Lowered {
    /// Checks and lowers a program. Its diagnostics are printed; errors end the
    /// command.
    pub(crate) fn new(
        selection: &Selection,
        strict_architecture: bool,
        lock: LockFlags,
        tests: bool,
        output: &Output,
    ) -> Result<Self, Ended> {
        let options = CheckOptions {
            strict_architecture,
            tests,
            lock,
        };
        Self::with(selection, &options, true, output)
    }

    /// The same; `warn` is whether warnings are printed.
    fn with(
        selection: &Selection,
        options: &CheckOptions,
        warn: bool,
        output: &Output,
    ) -> Result<Self, Ended> {
        let project = Project::select(selection)?;
        let mut checked = project.check(options, output)?;
        let failed = checked.has_errors();
        let mut diagnostics = std::mem::take(&mut checked.diagnostics);
        let ended = Ended::after(&diagnostics);
        if failed || warn {
            limit(&mut diagnostics, checked.files(), ERRORS_SHOWN);
            output.diagnostics(&diagnostics, checked.files());
        }
        let (Some(graph), Some(program), false) = (&checked.graph, checked.program, failed) else {
            return Err(ended);
        };
        Ok(Self {
            project,
            program,
            manifest: graph.packages.root().manifest.clone(),
        })
    }
}

fn choose_backend(flag: Option<Backend>, manifest: Option<&Manifest>) -> Result<(), Failure> {
    let named = manifest.and_then(|manifest| manifest.package.backend.as_ref());
    let native = match flag {
        Some(flag) => flag == Backend::Native,
        None => named.is_some_and(|named| named.value == "native"),
    };
    if native {
        let message = "this command has no native backend";
        return Err(Failure::new(code::BACKEND, message).hint("use `--backend ast`"));
    }
    Ok(())
}

/// The name of the `app` block to start.
fn choose_app(
    program: &canon::Program,
    flag: Option<&str>,
    manifest: Option<&Manifest>,
) -> Result<Option<String>, Failure> {
    let named = manifest.and_then(|manifest| manifest.package.app.as_ref());
    let wanted = flag.or(named.map(|named| named.value.as_str()));
    let names: Vec<&str> = program.apps.iter().map(|app| &program[app.name]).collect();
    match wanted {
        Some(wanted) => match app_problem(program, wanted) {
            Some(problem) => Err(problem),
            None => Ok(Some(wanted.to_owned())),
        },
        None if names.len() > 1 => {
            let message = format!("multiple apps declared; use --app {}", names.join("|"));
            Err(Failure::new(code::APP, message))
        }
        None => Ok(None),
    }
}

/// The environment: the process first, then the `.env` file.
fn environment(project: &Project, output: &Output) -> Result<Vec<(OsString, OsString)>, Failure> {
    let mut variables: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let path = project.root.join(".env");
    match fs::read_to_string(&path) {
        Ok(text) => {
            let dotenv = parse_dotenv(&text);
            for warning in &dotenv.warnings {
                let shown = project.display(&path);
                output.info(&format!(
                    "warning: {shown}:{}: {}",
                    warning.line, warning.reason
                ));
            }
            for (name, value) in dotenv.variables {
                add(&mut variables, &name, value.into());
            }
        }
        Err(problem) if problem.kind() == ErrorKind::NotFound => {}
        Err(problem) => return Err(Failure::read(&path, &problem)),
    }
    Ok(variables)
}

/// Adds a variable that is not set.
fn add(variables: &mut Vec<(OsString, OsString)>, name: &str, value: OsString) {
    if !variables.iter().any(|(known, _)| known == name) {
        variables.push((name.into(), value));
    }
}

/// What the manifest says to the host.
fn from_manifest(
    variables: &mut Vec<(OsString, OsString)>,
    project: &Project,
    manifest: &Manifest,
    document: Option<PathBuf>,
    map: Option<PathBuf>,
) {
    let mode = variables.iter().find(|(name, _)| name == "FUSE_DEV_MODE");
    let mode = mode.and_then(|(_, mode)| mode.to_str());
    let is_developed = mode.is_some_and(is_truthy);
    let mut add = |name: &str, value: OsString| add(variables, name, value);
    if let Some(directory) = &manifest.serve.static_dir {
        let directory = project.root.join(&directory.value);
        add("FUSE_STATIC_DIR", directory.into_os_string());
    }
    if let Some(index) = &manifest.serve.static_index {
        add("FUSE_STATIC_INDEX", index.value.as_str().into());
    }
    if let Some(map) = map {
        add("FUSE_ASSET_MAP", map.into_os_string());
    }
    // Only a program that is developed passes requests on.
    if let (true, Some(vite)) = (is_developed, &manifest.vite) {
        let url = vite.dev_url.as_ref();
        let url = url.map_or(VITE_URL, |url| url.value.as_str());
        add("FUSE_VITE_PROXY_URL", url.into());
    }
    if let Some(document) = document {
        add("FUSE_OPENAPI_JSON_PATH", document.into_os_string());
        if let Some(path) = &manifest.serve.openapi_path {
            add("FUSE_OPENAPI_UI_PATH", path.value.as_str().into());
        }
    }
}

/// The document that the documentation page shows, where the manifest asks for
/// the page; it is written to where builds are.
fn documentation(
    project: &Project,
    program: &canon::Program,
    manifest: Option<&Manifest>,
) -> Result<Option<PathBuf>, Failure> {
    let asked = manifest.is_some_and(|manifest| manifest.serve.openapi_ui == Some(true));
    if !asked || program.services.is_empty() {
        return Ok(None);
    }
    let document = openapi::document(&api_model(program)).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::new(code::OPENAPI, problems.join("; "))
    })?;
    let directory = project.build_directory();
    let path = directory.join("openapi.json");
    fs::create_dir_all(&directory).map_err(|problem| Failure::write(&directory, &problem))?;
    replace_file(&path, &document).map_err(|problem| Failure::write(&path, &problem))?;
    Ok(Some(path))
}

fn svg_directory(project: &Project) -> PathBuf {
    project.root.join(assets::DIRECTORY).join("svg")
}
