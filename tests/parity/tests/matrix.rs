//! Every row of the matrix and every program on every backend that exists, one
//! test each.

use fuse_parity::Backend;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let trials =
        trials().unwrap_or_else(|error| vec![Trial::test("load", move || Err(failed(&error)))]);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trials() -> anyhow::Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for case in fuse_parity::load()? {
        for backend in case.backends() {
            let case = case.clone();
            let name = format!("{}::{}", backend.label(), case.id);
            trials.push(Trial::test(name, move || {
                fuse_parity::check(&case, backend).map_err(|error| failed(&error))
            }));
        }
    }
    for case in fuse_parity::load_sources()? {
        for backend in Backend::EXISTING {
            let case = case.clone();
            let name = format!("{}::{}", backend.label(), case.id);
            trials.push(Trial::test(name, move || {
                fuse_parity::check_source(&case, backend).map_err(|error| failed(&error))
            }));
        }
    }
    Ok(trials)
}

fn failed(error: &anyhow::Error) -> Failed {
    Failed::from(format!("{error:#}"))
}
