//! Timing: interleaved turns, medians of many short slices.
//!
//! A slice is a few microseconds of work under one pair of clock readings. Of
//! thousands of them the median is kept, so that an interruption spoils a
//! slice and not the figure. Subjects take turns of a few milliseconds, so
//! that a slow phase of the machine meets all of them alike.

use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: u32,
    pub(crate) round: Duration,
}

impl Effort {
    pub(crate) const FULL: Self = Self {
        rounds: 5,
        round: Duration::from_millis(300),
    };
    pub(crate) const QUICK: Self = Self {
        rounds: 2,
        round: Duration::from_millis(60),
    };
}

/// What to measure, and how long.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) effort: Effort,
    pub(crate) only: String,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            effort: Effort::FULL,
            only: String::new(),
        }
    }
}

impl Selection {
    pub(crate) fn includes(&self, name: &str) -> bool {
        name.contains(&self.only)
    }
}

const TURN: Duration = Duration::from_millis(3);

/// Nanoseconds per operation, slice by slice.
#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, elapsed: Duration, operations: usize) {
        self.0.push(elapsed.as_secs_f64() * 1e9 / operations as f64);
    }

    pub(crate) fn median(&mut self) -> f64 {
        if self.0.is_empty() {
            return f64::NAN;
        }
        self.0.sort_by(f64::total_cmp);
        self.0[self.0.len() / 2]
    }

    fn take_in(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// Runs one slice and records it.
pub(crate) type Slice<'a> = Box<dyn FnMut(&mut Samples) + 'a>;

/// Median nanoseconds per operation of each subject.
pub(crate) fn compare<const N: usize>(effort: Effort, mut subjects: [Slice<'_>; N]) -> [f64; N] {
    let mut samples = [(); N].map(|()| Samples::default());
    let mut discarded = Samples::default();
    for subject in &mut subjects {
        turn(subject, &mut discarded, TURN);
    }
    for _ in 0..effort.rounds {
        let started = Instant::now();
        while started.elapsed() < effort.round * N as u32 {
            for (subject, samples) in subjects.iter_mut().zip(&mut samples) {
                turn(subject, samples, TURN);
            }
        }
    }
    samples.each_mut().map(Samples::median)
}

fn turn(subject: &mut Slice<'_>, samples: &mut Samples, length: Duration) {
    let started = Instant::now();
    while started.elapsed() < length {
        subject(samples);
    }
}

/// One subject on one thread, and on every core at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaling {
    pub(crate) single_ns: f64,
    pub(crate) parallel_ns: f64,
    pub(crate) threads: usize,
}

impl Scaling {
    /// Throughput of all threads over throughput of one.
    pub(crate) fn speedup(&self) -> f64 {
        self.threads as f64 * self.single_ns / self.parallel_ns
    }
}

/// Makes slices; called on the thread that runs them.
pub(crate) type Maker<'a> = dyn Fn() -> Slice<'a> + Sync + 'a;

/// Alternates between subjects, and between one thread and one per core.
pub(crate) fn scale<const N: usize>(effort: Effort, makers: [&Maker<'_>; N]) -> [Scaling; N] {
    let threads = cores().len().clamp(1, 16);
    let mut samples = [(); N].map(|()| (Samples::default(), Samples::default()));
    for _ in 0..effort.rounds * 2 {
        for (make, (single, parallel)) in makers.iter().zip(&mut samples) {
            single.take_in(run_on(1, effort.round / 2, *make));
            parallel.take_in(run_on(threads, effort.round / 2, *make));
        }
    }
    samples.map(|(mut single, mut parallel)| Scaling {
        single_ns: single.median(),
        parallel_ns: parallel.median(),
        threads,
    })
}

fn run_on(threads: usize, length: Duration, make: &Maker<'_>) -> Samples {
    let barrier = std::sync::Barrier::new(threads);
    let work = |core| {
        pin(core);
        uncounted(|| {
            let mut slice = make();
            let mut samples = Samples::default();
            turn(&mut slice, &mut samples, TURN);
            samples = Samples::default();
            barrier.wait();
            turn(&mut slice, &mut samples, length);
            samples
        })
    };
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = (0..threads)
            .map(|core| scope.spawn(move || work(core)))
            .collect();
        let mut all = Samples::default();
        for thread in running {
            // A thread that panicked has printed why; its figure is missing.
            all.take_in(thread.join().unwrap_or_default());
        }
        all
    })
}

/// The cores this process was given, whichever a thread is kept on by now.
fn cores() -> &'static [core_affinity::CoreId] {
    static CORES: OnceLock<Vec<core_affinity::CoreId>> = OnceLock::new();
    CORES.get_or_init(|| core_affinity::get_core_ids().unwrap_or_default())
}

/// Keeps the calling thread on one core, where the system allows it.
pub(crate) fn pin(core: usize) {
    if let Some(id) = cores().get(core) {
        core_affinity::set_for_current(*id);
    }
}

/// Allocations and bytes of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) allocations: f64,
    pub(crate) bytes: f64,
}

/// What the calls of `work` allocate, on average over `operations`.
pub(crate) fn cost(operations: usize, work: impl FnOnce()) -> Cost {
    let info = allocation_counter::measure(work);
    Cost {
        allocations: info.count_total as f64 / operations as f64,
        bytes: info.bytes_total as f64 / operations as f64,
    }
}

/// Drives a future that never waits, and drops its output.
#[inline(always)]
pub(crate) fn finish<F: Future>(future: F) {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            std::hint::black_box(&output);
            return;
        }
    }
}

/// Measures time with the counter of allocations switched off.
pub(crate) fn uncounted<T>(work: impl FnOnce() -> T) -> T {
    let mut result = None;
    allocation_counter::opt_out(|| result = Some(work()));
    result.unwrap_or_else(|| unreachable!("the closure was called"))
}
