use std::error::Error as _;
use std::future::pending;
use std::sync::atomic::AtomicUsize;

use tokio::time::{Instant, sleep};

use super::*;

/// What happened, in order.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().join(" ")
    }

    /// A component that notes its phases and succeeds.
    fn member(&self, name: &'static str) -> Component {
        let (start, stop) = (self.clone(), self.clone());
        Component::new(name)
            .on_launch(move || start.note(format!("+{name}")))
            .on_close(move || stop.note(format!("-{name}")))
    }

    /// A component that notes its start and fails to stop.
    fn stuck(&self, name: &'static str) -> Component {
        let stop = self.clone();
        self.member(name).on_shutdown(move || {
            stop.note(format!("!{name}"));
            async { Err("will not".into()) }
        })
    }
}

fn group(members: impl IntoIterator<Item = Component>) -> LifecycleGroup {
    let empty = LifecycleGroup::new();
    members
        .into_iter()
        .fold(empty, LifecycleGroup::add_component)
}

fn refusing(name: &str) -> Component {
    Component::new(name).on_start(|_| async { Err("refused".into()) })
}

const CX: LifecycleContext = LifecycleContext::new();

#[tokio::test]
async fn starts_in_order_and_stops_in_reverse() {
    let journal = Journal::default();
    let group = group(["a", "b", "c"].map(|name| journal.member(name)));
    group.start(&CX).await.unwrap();
    group.ready().await.unwrap();
    group.stop(&CX).await.unwrap();
    group.stop(&CX).await.unwrap();
    assert_eq!(journal.text(), "+a +b +c -c -b -a");
}

#[tokio::test]
async fn an_empty_group_and_a_component_without_phases_succeed() {
    for group in [LifecycleGroup::new(), group([Component::new("idle")])] {
        group.start(&CX).await.unwrap();
        group.ready().await.unwrap();
        group.stop(&CX).await.unwrap();
    }
}

#[tokio::test]
async fn a_failed_start_is_rolled_back_and_keeps_its_cause() {
    let journal = Journal::default();
    let group = group([
        journal.member("a"),
        journal.stuck("b"),
        refusing("c"),
        journal.member("d"),
    ]);
    let error = group.start(&CX).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"core: start "c": refused (rollback: core: stop "b": will not)"#
    );
    assert_eq!(error.operation(), Operation::StartComponent);
    assert_eq!(error.failures()[0].component(), "c");
    assert_eq!(error.rollback()[0].component(), "b");
    let cause = error.source().unwrap().source().unwrap();
    assert_eq!(cause.to_string(), "refused");
    assert_eq!(journal.text(), "+a +b !b -a");
    group.stop(&CX).await.unwrap();
    assert_eq!(journal.text(), "+a +b !b -a");
}

#[tokio::test]
async fn a_group_starts_once() {
    let group = group([Component::new("a")]);
    group.start(&CX).await.unwrap();
    for _ in 0..2 {
        let error = group.start(&CX).await.unwrap_err();
        assert_eq!(error.to_string(), "LifecycleGroup already started");
        group.stop(&CX).await.unwrap();
    }
}

#[tokio::test]
async fn a_stop_before_the_start_does_nothing() {
    let journal = Journal::default();
    let group = group([journal.member("a")]);
    group.stop(&CX).await.unwrap();
    group.start(&CX).await.unwrap();
    group.stop(&CX).await.unwrap();
    assert_eq!(journal.text(), "+a -a");
}

#[tokio::test]
async fn stop_and_ready_name_every_failure() {
    let journal = Journal::default();
    let not_ready = |name: &'static str| {
        journal
            .stuck(name)
            .on_ready(|| async { Err("cold".into()) })
    };
    let group = group([not_ready("a"), journal.member("b"), not_ready("c")]);
    group.start(&CX).await.unwrap();
    assert_eq!(
        group.ready().await.unwrap_err().to_string(),
        r#"core: "a" not ready: cold; core: "c" not ready: cold"#
    );
    assert_eq!(
        group.stop(&CX).await.unwrap_err().to_string(),
        r#"core: stop "c": will not; core: stop "a": will not"#
    );
    assert_eq!(journal.text(), "+a +b +c !c -b !a");
}

#[tokio::test]
async fn groups_nest() {
    let journal = Journal::default();
    let inner = group([journal.member("b"), refusing("c")]);
    let outer = group([journal.member("a")]).add("inner", Arc::new(inner));
    let error = outer.start(&CX).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"core: start "inner": core: start "c": refused"#
    );
    assert_eq!(journal.text(), "+a +b -b -a");
}

#[tokio::test]
async fn a_panic_is_the_error_of_its_phase() {
    let journal = Journal::default();
    let panics = Component::new("p")
        .on_start(|_| -> std::future::Ready<Result<(), BoxError>> { panic!("no {}", "future") });
    let failed = group([journal.member("a"), panics]);
    let error = failed.start(&CX).await.unwrap_err();
    assert_eq!(error.to_string(), r#"core: start "p": panicked: no future"#);
    assert_eq!(journal.text(), "+a -a");

    let panics = Component::new("p")
        .on_close(|| panic!("stop"))
        .on_ready(|| async { std::panic::panic_any(7) });
    let group = group([journal.member("b"), panics]);
    group.start(&CX).await.unwrap();
    let error = group.ready().await.unwrap_err();
    assert_eq!(error.to_string(), r#"core: "p" not ready: panicked"#);
    let error = group.stop(&CX).await.unwrap_err();
    assert_eq!(error.to_string(), r#"core: stop "p": panicked: stop"#);
    assert_eq!(journal.text(), "+a -a +b -b");
}

#[tokio::test(start_paused = true)]
async fn each_stop_has_an_equal_share_of_what_remains() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let member = |name: &str, takes: Duration| {
        let seen = Arc::clone(&seen);
        Component::new(name).on_stop(move |cx| {
            seen.lock().unwrap().push(cx.remaining().unwrap());
            async move {
                sleep(takes).await;
                Ok(())
            }
        })
    };
    let secs = Duration::from_secs;
    let group = group([
        member("a", secs(0)),
        member("b", secs(60)),
        member("c", secs(1)),
    ]);
    group.start(&CX).await.unwrap();
    let began = Instant::now();
    let error = group
        .stop(&LifecycleContext::within(secs(9)))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), r#"core: stop "b": deadline exceeded"#);
    assert_eq!(began.elapsed(), secs(5));
    assert_eq!(*seen.lock().unwrap(), [secs(3), secs(4), secs(4)]);
}

#[tokio::test(start_paused = true)]
async fn a_late_stop_still_has_a_second() {
    let hangs = |name| Component::new(name).on_stop(|_| pending());
    let group = group([hangs("a"), hangs("b")]);
    group.start(&CX).await.unwrap();
    let began = Instant::now();
    let past = LifecycleContext::within(Duration::ZERO);
    let error = group.stop(&past).await.unwrap_err();
    assert_eq!(error.failures().len(), 2);
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_start_past_its_deadline_is_undone_with_the_late_component() {
    let journal = Journal::default();
    let late = journal.member("late").on_start(|_| pending());
    let group = group([journal.member("a"), late]);
    let error = group
        .start(&LifecycleContext::within(Duration::from_secs(3)))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"core: start "late": deadline exceeded"#
    );
    assert_eq!(journal.text(), "+a -late -a");
}

#[tokio::test(start_paused = true)]
async fn a_rollback_without_a_deadline_is_bounded() {
    let hangs = Component::new("hangs").on_stop(|_| pending());
    let group = group([hangs, refusing("b")]);
    let error = group.start(&CX).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"core: start "b": refused (rollback: core: stop "hangs": deadline exceeded)"#
    );
}

#[tokio::test(start_paused = true)]
async fn ready_never_waits_for_a_start_or_a_stop() {
    let slow = |_| async {
        sleep(Duration::from_secs(5)).await;
        Ok(())
    };
    let member = Component::new("slow").on_start(slow).on_stop(slow);
    let group = Arc::new(group([member]));
    let status = |group: Arc<LifecycleGroup>| async move {
        let began = Instant::now();
        let status = group.ready().await.map_err(|error| error.to_string());
        assert_eq!(began.elapsed(), Duration::ZERO);
        status.err().unwrap_or_default()
    };
    assert_eq!(
        status(Arc::clone(&group)).await,
        "LifecycleGroup not ready: starting"
    );
    let running = Arc::clone(&group);
    let start = tokio::spawn(async move { running.start(&CX).await });
    tokio::task::yield_now().await;
    assert_eq!(
        status(Arc::clone(&group)).await,
        "LifecycleGroup not ready: starting"
    );
    start.await.unwrap().unwrap();
    assert_eq!(status(Arc::clone(&group)).await, "");
    let running = Arc::clone(&group);
    let stop = tokio::spawn(async move { running.stop(&CX).await });
    tokio::task::yield_now().await;
    assert_eq!(
        status(Arc::clone(&group)).await,
        "LifecycleGroup not ready: stopping"
    );
    stop.await.unwrap().unwrap();
    assert_eq!(status(group).await, "LifecycleGroup not ready: stopping");
}

#[tokio::test(start_paused = true)]
async fn probes_run_together_and_have_two_seconds() {
    let probe = |name, takes| {
        Component::new(name).on_ready(move || async move {
            sleep(Duration::from_millis(takes)).await;
            Ok(())
        })
    };
    let group = group([probe("a", 1900), probe("b", 1900), probe("c", 60_000)]);
    group.start(&CX).await.unwrap();
    let began = Instant::now();
    let error = group.ready().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"core: "c" not ready: deadline exceeded"#
    );
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_a_running_start() {
    let journal = Journal::default();
    let noted = journal.clone();
    let slow = journal.member("slow").on_start(move |_| {
        let noted = noted.clone();
        async move {
            sleep(Duration::from_secs(1)).await;
            noted.note("+slow");
            Ok(())
        }
    });
    let group = Arc::new(group([slow]));
    let running = Arc::clone(&group);
    let start = tokio::spawn(async move { running.start(&CX).await });
    tokio::task::yield_now().await;
    group.stop(&CX).await.unwrap();
    start.await.unwrap().unwrap();
    assert_eq!(journal.text(), "+slow -slow");
    let error = group.ready().await.unwrap_err();
    assert_eq!(error.to_string(), "LifecycleGroup not ready: stopping");
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_what_an_abandoned_start_had_begun() {
    let journal = Journal::default();
    let hangs = journal.member("b").on_start(|_| pending());
    let group = group([journal.member("a"), hangs, journal.member("c")]);
    let abandoned = tokio::time::timeout(Duration::from_secs(1), group.start(&CX)).await;
    assert!(abandoned.is_err());
    group.stop(&CX).await.unwrap();
    assert_eq!(journal.text(), "+a -b -a");
}

#[tokio::test]
async fn types_with_a_single_phase_fit() {
    struct Counts(AtomicUsize);
    impl crate::Starter for Counts {
        fn start<'a>(&'a self, _: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(()) })
        }
    }
    impl crate::Stopper for Counts {
        fn stop<'a>(&'a self, _: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>> {
            self.0.fetch_add(10, Ordering::SeqCst);
            Box::pin(async { Ok(()) })
        }
    }
    impl crate::ReadyChecker for Counts {
        fn ready<'a>(&'a self) -> BoxFuture<'a, Result<(), BoxError>> {
            self.0.fetch_add(100, Ordering::SeqCst);
            Box::pin(async { Ok(()) })
        }
    }
    let counts = Arc::new(Counts(AtomicUsize::new(0)));
    let component = Component::new("counts")
        .with_starter(counts.clone())
        .with_stopper(counts.clone())
        .with_ready_checker(counts.clone());
    let group = group([component]);
    group.start(&CX).await.unwrap();
    group.ready().await.unwrap();
    group.stop(&CX).await.unwrap();
    assert_eq!(counts.0.load(Ordering::SeqCst), 111);
}
