(() => {
  // What has changed is put in place, so that the page is neither blank in between nor read out anew.
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
      if (!answer.headers.has("Previewset-State")) return location.reload() // it is the application's
      moving = put(new DOMParser().parseFromString(await answer.text(), "text/html"))
    } catch { } // the network comes back
    if (moving) setTimeout(look, 2000)
  }
  setTimeout(look, 2000)
})()
