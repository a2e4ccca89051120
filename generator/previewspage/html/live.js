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
  let seen = document.body.dataset.version
  const listen = () => {
    const events = new EventSource(`/events?since=${seen}`)
    events.addEventListener("change", (e) => { seen = e.lastEventId; load().catch(() => {}) })
    events.addEventListener("error", () => { // after an error status the browser doesn't connect again by itself
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, 15000)
    })
  }
  const poll = Number(document.body.dataset.poll) // a guest has no events
  if (poll) setInterval(() => load().catch(() => {}), poll * 1000)
  if (seen) listen()
  document.addEventListener("visibilitychange", () => { if (waiting) load().catch(() => {}) })
})()
