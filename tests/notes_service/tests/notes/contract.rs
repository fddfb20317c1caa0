//! What every service promises.

use notes_service::Notes;
use service_contract::{Outcome, Routes, Success, Target, run};

#[test]
fn the_service_keeps_the_contract() {
    let notes = Notes::start().unwrap();
    let target = Target::new(notes.url())
        .with_success(Success::Bare)
        .with_routes(Routes::Own);
    let (mut passed, mut failures) = (0, Vec::new());
    for result in run(&target).unwrap() {
        match result.outcome {
            Outcome::Passed => passed += 1,
            Outcome::Skipped(_) => {}
            Outcome::Failed(why) => failures.push(format!("{}\n    {why}", result.name)),
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(passed >= 17, "only {passed} cases");
}
