//! Signals of the operating system. Handlers are installed only when a future
//! of this module is polled, never when an application is built.

use std::io;

/// Resolves when the process is asked to end: SIGINT or SIGTERM on Unix;
/// Ctrl-C, Ctrl-Break, close and shutdown events on Windows.
///
/// From the first poll on the signals no longer end the process by themselves.
/// Never resolves when no handler could be installed.
///
/// ```no_run
/// # async fn example() {
/// plumego_core::signal::termination().await;
/// # }
/// ```
pub async fn termination() {
    match Terminations::install() {
        Ok(mut terminations) => {
            terminations.next().await;
        }
        Err(_) => std::future::pending().await,
    }
}

/// Which signal asked the process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Termination {
    /// SIGINT, Ctrl-C, Ctrl-Break.
    Interrupt,
    /// SIGTERM, close, shutdown.
    Terminate,
}

impl Termination {
    /// The name of the signal.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// Exit status of a process that the signal ended: 128 and its number.
    pub(crate) const fn exit_code(self) -> i32 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// Every termination signal from the moment of [`install`](Self::install) on;
/// one that comes between two calls of [`next`](Self::next) is not lost.
#[cfg(unix)]
pub(crate) struct Terminations {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Terminations {
    pub(crate) fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    pub(crate) async fn next(&mut self) -> Termination {
        tokio::select! {
            _ = self.interrupt.recv() => Termination::Interrupt,
            _ = self.terminate.recv() => Termination::Terminate,
        }
    }
}

/// Every termination event from the moment of [`install`](Self::install) on.
#[cfg(windows)]
pub(crate) struct Terminations {
    ctrl_c: tokio::signal::windows::CtrlC,
    ctrl_break: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Terminations {
    pub(crate) fn install() -> io::Result<Self> {
        use tokio::signal::windows;
        Ok(Self {
            ctrl_c: windows::ctrl_c()?,
            ctrl_break: windows::ctrl_break()?,
            close: windows::ctrl_close()?,
            shutdown: windows::ctrl_shutdown()?,
        })
    }

    pub(crate) async fn next(&mut self) -> Termination {
        tokio::select! {
            _ = self.ctrl_c.recv() => Termination::Interrupt,
            _ = self.ctrl_break.recv() => Termination::Interrupt,
            _ = self.close.recv() => Termination::Terminate,
            _ = self.shutdown.recv() => Termination::Terminate,
        }
    }
}

/// SIGHUP, which asks for fresh TLS material. Never comes on other systems.
pub(crate) struct Hangups {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

/// Starts to listen for SIGHUP, which then no longer ends the process.
pub(crate) fn hangup() -> io::Result<Hangups> {
    Ok(Hangups {
        #[cfg(unix)]
        signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?,
    })
}

impl Hangups {
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        if self.signal.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_shell() {
        assert_eq!(Termination::Interrupt.exit_code(), 130);
        assert_eq!(Termination::Terminate.exit_code(), 143);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn each_signal_arrives_once() {
        let mut terminations = Terminations::install().unwrap();
        let mut hangups = hangup().unwrap();
        let send = |name: &str| {
            let pid = std::process::id().to_string();
            let sent = std::process::Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap();
            assert!(sent.success());
        };
        send("TERM");
        assert_eq!(terminations.next().await, Termination::Terminate);
        send("INT");
        assert_eq!(terminations.next().await, Termination::Interrupt);
        send("HUP");
        hangups.next().await;
        let waiting = tokio::spawn(termination());
        // The handlers above are still installed, so a signal sent before the
        // task's first poll does no harm; it is repeated until seen.
        while !waiting.is_finished() {
            send("TERM");
            tokio::task::yield_now().await;
        }
        waiting.await.unwrap();
    }
}
