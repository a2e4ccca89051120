(() => {
  // Only changed parts are replaced, so that the page doesn't flicker and screen readers don't start again.
  const parts = (page) => [...page.querySelectorAll("[data-live]")]
  const put = (page) => {
    if (parts(page).map((p) => p.id).join() !== parts(document).map((p) => p.id).join()) location.reload()
    document.title = page.title
    document.querySelector("main").className = page.querySelector("main").className
    for (const part of parts(document)) {
      const now = page.getElementById(part.id)
      if (now && now.innerHTML !== part.innerHTML) part.replaceChildren(...now.childNodes)
    }
    return page.querySelector("script")
  }
  const look = async () => {
    let moving = true
    if (!document.hidden) try {
      const answer = await fetch(location.href, { cache: "no-store", redirect: "manual", headers: { Accept: "text/html" } })
      if (!answer.headers.has("Previewset-State")) return location.reload() // the response is the application's
      moving = put(new DOMParser().parseFromString(await answer.text(), "text/html"))
    } catch { } // try again later
    if (moving) setTimeout(look, 2000)
  }
  setTimeout(look, 2000)
})()
