//! Property tests of asynchronous code.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::report::{Outcome, Stop};

/// Attempts to make a failing sample smaller.
const SHRINKS_MAX: usize = 500;

/// Runs `test` with `count` samples, the same in every run, and makes the
/// first that fails as small as it can.
pub(super) async fn samples<S: Strategy>(
    count: usize,
    strategy: S,
    test: impl AsyncFn(S::Value) -> Outcome,
) -> Outcome
where
    S::Value: Clone,
{
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    for _ in 0..count {
        let mut tree = match strategy.new_tree(&mut runner) {
            Ok(tree) => tree,
            Err(reason) => return Err(Stop::Failed(reason.to_string())),
        };
        let Err(mut stop) = test(tree.current()).await else {
            continue;
        };
        let mut smallest = tree.current();
        for _ in 0..SHRINKS_MAX {
            let moved = match &stop {
                Stop::Failed(_) => tree.simplify(),
                Stop::NotApplicable(_) => false,
            };
            if !moved {
                break;
            }
            match test(tree.current()).await {
                Err(smaller) => {
                    stop = smaller;
                    smallest = tree.current();
                }
                Ok(()) => {
                    if !tree.complicate() {
                        break;
                    }
                }
            }
        }
        return Err(stop.within(format!("with {smallest:?}")));
    }
    Ok(())
}
