//! A Chromium without a window, driven by its own protocol.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket, connect};

/// Longest wait for anything in the browser.
const PATIENCE: Duration = Duration::from_secs(20);

/// The browser on this machine: what `CHROMIUM` names, else one on the path.
pub(crate) fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let paths = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    std::env::split_paths(&paths)
        .flat_map(|directory| names.map(|name| directory.join(name)))
        .find(|program| program.is_file())
}

/// A page in a browser of its own. Dropping it ends the browser.
pub(crate) struct Page {
    process: Child,
    _profile: TempDir,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: String,
    commands: u64,
    events: VecDeque<Value>,
    /// What the page complained of.
    pub(crate) complaints: Vec<String>,
}

impl Page {
    pub(crate) fn open(program: &PathBuf) -> anyhow::Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut process = Command::new(program)
            .args([
                "--headless=new",
                // Tests run as root in containers; the pages are our own.
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--no-first-run",
                "--force-device-scale-factor=1",
                "--remote-debugging-port=0",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stderr = process.stderr.take().context("no standard error")?;
        let mut lines = BufReader::new(stderr).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("DevTools listening on ")?.1.to_owned()))
            .context("the browser ended before it listened")?;
        // It goes on talking, and must not be made to wait.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let (socket, _) = connect(url)?;
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(PATIENCE))?;
        }
        let mut page = Self {
            process,
            _profile: profile,
            socket,
            session: String::new(),
            commands: 0,
            events: VecDeque::new(),
            complaints: Vec::new(),
        };
        let target = page.command("Target.createTarget", json!({"url": "about:blank"}))?;
        let id = target["targetId"].as_str().unwrap_or_default();
        let attach = json!({"targetId": id, "flatten": true});
        let attached = page.command("Target.attachToTarget", attach)?;
        page.session = attached["sessionId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        for domain in [
            "Page.enable",
            "Runtime.enable",
            "Log.enable",
            "Network.enable",
        ] {
            page.command(domain, json!({}))?;
        }
        Ok(page)
    }

    /// Carries a command out.
    fn command(&mut self, method: &str, parameters: Value) -> anyhow::Result<Value> {
        self.commands += 1;
        let id = self.commands;
        let mut command = json!({"id": id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(command.to_string()))?;
        loop {
            let message = self.receive()?;
            if message["id"] == id {
                ensure!(message["error"].is_null(), "{method}: {}", message["error"]);
                return Ok(message["result"].clone());
            }
        }
    }

    /// The next message; an event is noted.
    fn receive(&mut self) -> anyhow::Result<Value> {
        let message = self.socket.read().context("the browser is silent")?;
        let message: Value = serde_json::from_str(message.to_text()?)?;
        match message["method"].as_str() {
            Some("Page.javascriptDialogOpening") => {
                self.commands += 1;
                let accept = json!({
                    "id": self.commands,
                    "method": "Page.handleJavaScriptDialog",
                    "params": {"accept": true},
                    "sessionId": self.session,
                });
                self.socket.send(Message::text(accept.to_string()))?;
            }
            Some("Runtime.exceptionThrown") => {
                let details = &message["params"]["exceptionDetails"];
                self.complaints.push(details.to_string());
            }
            Some("Log.entryAdded") => {
                let entry = &message["params"]["entry"];
                // A refused form is an answer, and no fault of the page.
                if entry["level"] == "error" && entry["source"] != "network" {
                    self.complaints.push(entry["text"].to_string());
                }
            }
            Some(_) => self.events.push_back(message.clone()),
            None => {}
        }
        Ok(message)
    }

    /// Waits for an event that comes after now.
    fn event(&mut self, method: &str) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            while let Some(event) = self.events.pop_front() {
                if event["method"] == method {
                    return Ok(());
                }
            }
            ensure!(Instant::now() < end, "no {method}");
            self.receive()?;
        }
    }

    /// Goes to a page and waits until it is loaded.
    pub(crate) fn go(&mut self, url: &str) -> anyhow::Result<()> {
        self.events.clear();
        self.command("Page.navigate", json!({"url": url}))?;
        self.event("Page.loadEventFired")
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> anyhow::Result<Value> {
        let parameters = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
            "userGesture": true,
        });
        let result = self.command("Runtime.evaluate", parameters)?;
        ensure!(
            result["exceptionDetails"].is_null(),
            "{expression}: {}",
            result["exceptionDetails"]
        );
        Ok(result["result"]["value"].clone())
    }

    /// Waits until something is so, whatever pages come and go meanwhile.
    pub(crate) fn until(&mut self, expression: &str) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        let asked = format!("Boolean({expression})");
        while Instant::now() < end {
            // A page that goes away takes the question along.
            if self.value(&asked).is_ok_and(|is_so| is_so == true) {
                return Ok(());
            }
        }
        let page = self.value("document.documentElement.outerHTML");
        bail!("never: {expression}\n{}", page.unwrap_or_default());
    }

    /// Waits until something is there, and our script has taken it over: a person
    /// needs longer than that to find it.
    fn ready(&mut self, selector: &Value) -> anyhow::Result<()> {
        const BUSY: &str = "'.htmx-added, .htmx-settling, .htmx-swapping, .htmx-request'";
        self.until(&format!(
            "document.querySelector({selector}) && !document.querySelector({BUSY})"
        ))
    }

    /// Fills fields of a form and sends it.
    pub(crate) fn send(&mut self, form: &str, fields: &[(&str, &str)]) -> anyhow::Result<()> {
        let form = json!(form);
        self.ready(&form)?;
        let mut script = format!("const form = document.querySelector({form});");
        for (name, value) in fields {
            let (name, value) = (json!(name), json!(value));
            script += &format!("form.elements[{name}].value = {value};");
        }
        script += "form.noValidate = true; form.requestSubmit(); true";
        self.value(&format!(
            "(() => {{ {} }})()",
            script.replace("; true", "; return true;")
        ))?;
        Ok(())
    }

    /// Clicks on something.
    pub(crate) fn click(&mut self, selector: &str) -> anyhow::Result<()> {
        let selector = json!(selector);
        self.ready(&selector)?;
        self.value(&format!("document.querySelector({selector}).click()"))?;
        Ok(())
    }

    /// A window of this width in this colour scheme.
    pub(crate) fn look(&mut self, width: u32, scheme: &str) -> anyhow::Result<()> {
        let metrics =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", metrics)?;
        let features = json!({
            "features": [{"name": "prefers-color-scheme", "value": scheme}],
        });
        self.command("Emulation.setEmulatedMedia", features)?;
        Ok(())
    }

    /// Whether scripts of pages run.
    pub(crate) fn scripts(&mut self, run: bool) -> anyhow::Result<()> {
        let off = json!({"value": !run});
        self.command("Emulation.setScriptExecutionDisabled", off)?;
        Ok(())
    }

    /// Forgets who is logged in.
    pub(crate) fn forget(&mut self) -> anyhow::Result<()> {
        self.command("Network.clearBrowserCookies", json!({}))?;
        Ok(())
    }

    /// Keeps a picture, if `NOTES_SCREENSHOTS` names a directory for them.
    pub(crate) fn picture(&mut self, name: &str) -> anyhow::Result<()> {
        let Some(directory) = std::env::var_os("NOTES_SCREENSHOTS") else {
            return Ok(());
        };
        let parameters = json!({"format": "png", "captureBeyondViewport": true});
        let taken = self.command("Page.captureScreenshot", parameters)?;
        let data = taken["data"].as_str().unwrap_or_default();
        let path = PathBuf::from(directory).join(format!("{name}.png.base64"));
        std::fs::write(path, data)?;
        Ok(())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
