(() => {
  const attribute = "data-fuse-dev-overlay";
  let wait = 250;
  const clear = () => document.querySelector(`[${attribute}]`)?.remove();
  const show = (message) => {
    clear();
    const overlay = document.createElement("pre");
    overlay.setAttribute(attribute, "");
    overlay.style.cssText =
      "position:fixed;inset:0;z-index:2147483647;margin:0;padding:2rem;overflow:auto;" +
      "background:#1b1b1bf2;color:#ff8080;font:14px/1.5 monospace;white-space:pre-wrap";
    overlay.textContent = message;
    document.body.append(overlay);
  };
  const restyle = () => {
    for (const link of document.querySelectorAll('link[rel="stylesheet"]')) {
      const url = new URL(link.href);
      url.searchParams.set("fuse-reload", Date.now());
      link.href = url.href;
    }
  };
  const connect = () => {
    const socket = new WebSocket("{{url}}");
    socket.onopen = () => (wait = 250);
    socket.onmessage = ({ data }) => {
      if (data === "reload") return location.reload();
      let event;
      try {
        event = JSON.parse(data);
      } catch {
        return;
      }
      if (event.type === "reload") location.reload();
      if (event.type === "compile_error") show(event.message);
      if (event.type === "clear_error") clear();
      if (event.type === "css") restyle();
    };
    socket.onclose = () => {
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 5000);
    };
  };
  connect();
})();
