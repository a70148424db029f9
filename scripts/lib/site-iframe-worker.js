/* The site's search runs in a Worker, which browsers refuse to pages that were opened from a folder. There a hidden frame
 * does the same: the script runs in it, and messages go back and forth. */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.body.appendChild(document.createElement("iframe"))
      frame.hidden = true
      this.terminate = () => frame.remove()
      const inside = frame.contentWindow
      const hand = (type, data) => {
        const event = new MessageEvent(type, { data })
        this.dispatchEvent(event)
        if (this["on" + type]) this["on" + type](event)
      }
      const script = frame.contentDocument.createElement("script")
      const ready = new Promise(resolve => { script.onload = resolve })
      inside.postMessage = data => hand("message", data)
      script.src = url
      frame.contentDocument.body.appendChild(script)
      this.postMessage = data => ready.then(() => inside.dispatchEvent(new MessageEvent("message", { data })))
    }
  }
}
