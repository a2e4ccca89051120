(() => {
  // Changed parts are replaced, except one that the user works in: a form would lose its values.
  let waiting = false
  const load = async () => {
    if (document.hidden) { waiting = true; return }
    waiting = false
    const url = new URL(location.href)
    url.searchParams.delete("done")
    const answer = await fetch(url, { cache: "no-store", redirect: "manual", headers: { Accept: "text/html" } })
    if (answer.type === "opaqueredirect" || !answer.ok) { location.reload(); return } // the session or the preview ended
    const page = new DOMParser().parseFromString(await answer.text(), "text/html")
    document.title = page.title
    for (const part of document.querySelectorAll("[data-live]")) {
      const now = page.getElementById(part.id)
      const opened = [...part.querySelectorAll("details")].map((d) => d.open)
      if (!now || now.textContent === part.textContent || part.querySelector("select:focus, button:focus")) continue
      const focus = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null
      part.replaceChildren(...now.childNodes)
      part.querySelectorAll("details").forEach((d, i) => { d.open = opened[i] })
      if (focus) part.querySelector(`[href="${CSS.escape(focus)}"]`)?.focus()
    }
  }
  const events = new EventSource(`/events?since=${document.body.dataset.version}`)
  events.addEventListener("change", () => load().catch(() => {}))
  document.addEventListener("visibilitychange", () => { if (waiting) load().catch(() => {}) })
})()
