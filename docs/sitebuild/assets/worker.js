// Browsers refuse workers to pages that are opened as files. There, the script of the search runs in a frame.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(url) {
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      const src = new URL(url, location).href;
      this.frame.srcdoc =
        "<script>self.postMessage = message => parent.postMessage(message, '*');</" + "script>" +
        `<script src="${src}"></` + "script>";
      this.ready = new Promise(resolve => { this.frame.onload = resolve; });
      this.answer = event => {
        if (event.source === this.frame.contentWindow && this.onmessage) this.onmessage(event);
      };
      window.addEventListener("message", this.answer);
      document.body.append(this.frame);
    }

    postMessage(message) {
      const data = structuredClone(message); // the script changes what it is given
      this.ready.then(() => this.frame.contentWindow?.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {
      window.removeEventListener("message", this.answer);
      this.frame.remove();
    }
  };
}
