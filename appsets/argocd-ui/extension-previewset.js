// PreviewSet in Argo CD's UI: the tab "Preview" of an Application, its state in the status panel, and the page "Previews".
// Guide: https://github.com/previewset/previewset/blob/main/docs/guides/argocd-ui.md
//
// It uses the React that Argo CD provides (16 to 19): only createElement and hooks. It needs no build step. All texts of
// the service are values of React, never HTML.
(window => {
  "use strict"
  const {React, extensionsAPI} = window
  if (!React || !React.useState || !extensionsAPI) return
  const {createElement: h, useCallback, useEffect, useRef, useState} = React

  const extension = "previewset" // its name in argocd-cm and in Argo CD's RBAC
  const label = name => "previewset.dev/" + name

  const labelsOf = application => (application && application.metadata && application.metadata.labels) || {}
  const annotationsOf = application => (application && application.metadata && application.metadata.annotations) || {}
  const environmentOf = application => labelsOf(application)[label("environment")]

  // ---- Requests. Argo CD may be served below a path, which the page's base names.

  const address = path => new URL(path, document.baseURI).href

  // explain says what to do about an answer that isn't the service's.
  const explain = status => ({
    401: `Argo CD doesn't let you use this extension. Ask the platform team for the permission "extensions, invoke, ${extension}".`,
    404: `Argo CD doesn't know the proxy extension "${extension}". The platform team must add it to argocd-cm.`,
    502: "Argo CD can't reach the preview service.",
  })[status] || `Argo CD's proxy extension isn't on, or it failed (status ${status}).`

  // ask sends a request about a preview through Argo CD's proxy extension, which checks what the person may do.
  const ask = async (application, {action, body, signal} = {}) => {
    const {name, namespace} = application.metadata
    const path = `extensions/${extension}/api/v1/environments/${encodeURIComponent(environmentOf(application))}`
    const answer = await fetch(address(action ? `${path}/${action}` : path), {
      method: action ? "POST" : "GET", credentials: "same-origin", cache: "no-store", signal,
      headers: {
        "Accept": "application/json", "Content-Type": "application/json",
        "Argocd-Application-Name": `${namespace}:${name}`, "Argocd-Project-Name": application.spec.project,
      },
      body: action ? JSON.stringify(body || {}) : undefined,
    })
    const isJSON = (answer.headers.get("Content-Type") || "").startsWith("application/json")
    const content = isJSON ? await answer.json() : {}
    if (!answer.ok || !isJSON) throw new Error(content.message || explain(answer.status))
    return content
  }

  const listed = ["name", "namespace", "labels", "annotations"].map(field => "items.metadata." + field)
    .concat("items.spec", "items.status.sync.status", "items.status.health") // those of Argo CD's own list

  // list reads the Applications of previews that the person may see in Argo CD.
  const list = async signal => {
    const query = new URLSearchParams({selector: label("environment"), fields: listed.join(",")})
    const answer = await fetch(address("api/v1/applications?" + query), {credentials: "same-origin", signal})
    if (!answer.ok) throw new Error(`Argo CD can't list the Applications (status ${answer.status}).`)
    return (await answer.json()).items || []
  }

  // useReading reads at once and every few seconds, while the page is visible. Again reads at once.
  const useReading = (read, seconds, key) => {
    const [state, setState] = useState({})
    const [count, setCount] = useState(0)
    const latest = useRef(read)
    latest.current = read
    useEffect(() => setState({}), [key])
    useEffect(() => {
      const stop = new AbortController()
      const once = () => {
        if (document.visibilityState === "hidden") return
        latest.current(stop.signal).then(
          value => { if (!stop.signal.aborted) setState({value}) },
          error => { if (!stop.signal.aborted) setState(last => ({value: last.value, error: error.message})) },
        )
      }
      once()
      const timer = setInterval(once, seconds * 1000)
      document.addEventListener("visibilitychange", once)
      return () => {
        stop.abort()
        clearInterval(timer)
        document.removeEventListener("visibilitychange", once)
      }
    }, [key, count, seconds])
    return {...state, again: useCallback(() => setCount(n => n + 1), [])}
  }

  // ---- Texts

  const units = [["day", 86400], ["h", 3600], ["min", 60]]
  const distance = seconds => {
    const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size * (size > 60 ? 2 : 1)) || ["min", 60]
    const n = Math.max(1, Math.round(Math.abs(seconds) / size))
    return `${n} ${unit}${unit === "day" && n > 1 ? "s" : ""}`
  }

  const Time = ({at, anyway}) => {
    const date = new Date(at)
    const seconds = (date - Date.now()) / 1000
    const text = seconds > 0 ? `in ${distance(seconds)}` : seconds > -60 ? "now" : `${distance(seconds)} ago`
    const exact = date.toLocaleString(undefined, {dateStyle: "medium", timeStyle: "short"})
    return h("time", {dateTime: at, title: exact}, text, h("span", {style: styles.quiet}, ` (${exact})`), anyway)
  }

  // webAddress returns an address that is safe as a link; undefined for any other text.
  const webAddress = text => {
    try {
      const url = new URL(text)
      return ["https:", "http:"].includes(url.protocol) ? url.href : undefined
    } catch (_) {
      return undefined
    }
  }

  const Link = ({to, children}) => {
    const href = webAddress(to)
    return href ? h("a", {href, target: "_blank", rel: "noopener noreferrer"}, children) : h("span", null, children)
  }

  // ---- Looks. Argo CD has a light and a dark theme, so colours other than those of states are inherited.

  const styles = {
    quiet: {opacity: 0.7},
    panel: {padding: "1.5em", overflowWrap: "anywhere"},
    row: {display: "flex", flexWrap: "wrap", gap: "0.75em", alignItems: "center", margin: "0 0 1em"},
    title: {fontSize: "1.4em", margin: 0, color: "inherit"},
    section: {fontSize: "1.1em", fontWeight: 600, margin: "1.5em 0 0.5em", color: "inherit"},
    table: {width: "100%", borderCollapse: "collapse", margin: 0, background: "none"},
    cell: {padding: "0.4em 1em 0.4em 0", textAlign: "left", verticalAlign: "top", borderBottom: "1px solid rgba(127, 127, 127, 0.3)"},
    field: {width: "auto", minWidth: "min(24em, 100%)", height: "2.6em", padding: "0 0.6em", margin: 0, color: "inherit", background: "transparent", border: "1px solid rgba(127, 127, 127, 0.8)", borderRadius: "4px"},
    plain: {background: "none", border: 0, padding: 0, font: "inherit", color: "inherit", cursor: "pointer", textDecoration: "underline", textAlign: "left"},
    problem: {border: "1px solid #c9303e", borderRadius: "4px", padding: "0.6em 0.8em", margin: "0 0 1em"},
  }

  // Each state has a colour with enough contrast to its white text.
  const colours = {ready: "#0b7d62", deploying: "#0b6a9c", waking: "#0b6a9c", failed: "#c9303e", degraded: "#c9303e"}

  const Badge = ({text}) => h("span", {
    style: {background: colours[text] || "#5b6b73", color: "#fff", borderRadius: "1em", padding: "0.15em 0.8em", whiteSpace: "nowrap"},
  }, text)

  // Table has heads above its columns, or else before its rows.
  const Table = ({heads, rows}) => h("table", {style: styles.table},
    heads && h("thead", null, h("tr", null, heads.map(head => h("th", {key: head, scope: "col", style: styles.cell}, head)))),
    h("tbody", null, rows.map(({key, cells}) => h("tr", {key}, cells.map((cell, i) => !heads && i === 0
      ? h("th", {key: i, scope: "row", style: {...styles.cell, width: "10em"}}, cell)
      : h("td", {key: i, style: styles.cell}, cell))))))

  const Problem = ({text}) => text ? h("p", {role: "alert", style: styles.problem}, text) : null

  // sentence begins with a capital letter, unless the first word is a name, and ends with a full stop.
  const sentence = text => {
    if (!text || text.startsWith("previewctl ")) return text || ""
    const begin = /^[a-z]+[ ,;]/.test(text) ? text[0].toUpperCase() : text[0]
    return begin + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".")
  }

  // ---- One preview

  const verbs = {wake: "Wake", sleep: "Put to sleep", extend: "Extend", redeploy: "Redeploy"}

  // Buttons are those that the service offers to this person.
  const Buttons = ({application, offers, done}) => {
    const [busy, setBusy] = useState(false)
    const [said, setSaid] = useState({})
    const [time, setTime] = useState("")
    const send = async offer => {
      setBusy(true)
      try {
        const length = offer.for && (offer.for.includes(time) ? time : offer.for[0])
        const {message, note} = await ask(application, {action: offer.action, body: length ? {for: length} : {}})
        setSaid({message: [message, note].filter(Boolean).map(sentence).join(" ")})
      } catch (error) {
        setSaid({error: sentence(error.message)})
      }
      setBusy(false)
      done()
    }
    const button = offer => h("span", {key: offer.action, style: {display: "flex", gap: "0.5em", alignItems: "center"}},
      h("button", {type: "button", className: "argo-button argo-button--base", disabled: busy, onClick: () => send(offer)}, verbs[offer.action]),
      offer.for && h("select", {
        "aria-label": "Extend by", style: {...styles.field, minWidth: 0}, value: offer.for.includes(time) ? time : offer.for[0],
        onChange: event => setTime(event.target.value),
      }, offer.for.map(length => h("option", {key: length, value: length, style: {color: "#000"}}, length))))
    return h(React.Fragment, null,
      offers.length > 0 && h("div", {style: styles.row}, offers.map(button)),
      h("p", {role: "status", style: {margin: said.message ? "0 0 1em" : 0}}, said.message),
      h(Problem, {text: said.error}))
  }

  const Facts = ({preview}) => {
    const decision = preview.decision || {}
    const facts = [
      ["Owner", preview.owner],
      ["Pull requests", preview.pull_requests.length > 0 && h("ul", {style: {margin: 0, padding: 0, listStyle: "none"}},
        preview.pull_requests.map(pr => h("li", {key: pr.repository + pr.number},
          h(Link, {to: pr.url}, `${pr.repository}#${pr.number}`), ` ${pr.title} (${pr.author})`)))],
      ["Why it exists", decision.reason !== preview.progress.reason && sentence(decision.reason)],
      ["Sleeps", preview.state !== "asleep" && decision.sleeps_at && h(Time, {at: decision.sleeps_at, anyway: " if it isn't used before"})],
      ["Ends", decision.expires_at && h(Time, {at: decision.expires_at, anyway: decision.expires_anyway ? "" : " if it isn't used before"})],
      ["Purpose", preview.purpose],
    ]
    return h(Table, {
      rows: facts.filter(([, value]) => value).map(([name, value]) => ({key: name, cells: [name, value]})),
    })
  }

  const Services = ({preview}) => {
    const commits = preview.commit_urls || {}
    const scheme = (webAddress(preview.url) || "https:").split(":")[0]
    return h(Table, {
      heads: ["Service", "Commit", "Address"],
      rows: preview.services.map(({service, commit, host}) => ({
        key: service,
        cells: [
          service,
          commit ? h(Link, {to: commits[service]}, h("code", null, commit.slice(0, 8))) : h("span", {style: styles.quiet}, "image of kustomize-base"),
          host && h(Link, {to: `${scheme}://${host}`}, host),
        ],
      })),
    })
  }

  const Preview = ({application}) => {
    const {value: preview, error, again} = useReading(signal => ask(application, {signal}), 5, application.metadata.name)
    if (!preview) {
      return h("div", {style: styles.panel}, error ? h(Problem, {text: error}) : h("p", {role: "status"}, "Reading the preview…"))
    }
    const {phase, reason, remedy} = preview.progress
    return h("div", {style: styles.panel, className: "previewset-preview"},
      h("div", {style: styles.row}, h("h2", {style: styles.title}, preview.name), h(Badge, {text: phase}),
        webAddress(preview.url) && h(Link, {to: preview.url}, "Open the preview")),
      h(Problem, {text: error}),
      reason && h("p", null, sentence(reason)),
      remedy && h("p", null, h("b", null, "What to do: "), sentence(remedy)),
      h(Buttons, {application, offers: preview.offers || [], done: again}),
      h(Facts, {preview}),
      h("h3", {style: styles.section}, "Services that run in it"), h(Services, {preview}),
      preview.links.length > 0 && h(React.Fragment, null,
        h("h3", {style: styles.section}, "Linked services"),
        h(Table, {
          heads: ["Namespace", "Services"],
          rows: preview.links.map(link => ({key: link.namespace, cells: [link.namespace, link.services.join(", ")]})),
        })))
  }

  // Tab is shown for every Application, because Argo CD can't choose them by label.
  const Tab = ({application}) => environmentOf(application)
    ? h(Preview, {application, key: application.metadata.name})
    : h("p", {style: styles.panel}, "This Application isn't a preview of PreviewSet.")

  // ---- The status panel of an Application

  const State = ({application, openFlyout}) => {
    const {value: preview, error} = useReading(signal => ask(application, {signal}), 15, application.metadata.name)
    const {phase, reason} = preview ? preview.progress : {}
    return h("div", {className: "application-status-panel__item"},
      h("div", {style: {lineHeight: "19.5px", marginBottom: "0.3em"}}, h("label", {style: {fontSize: "12px", fontWeight: 600}}, "PREVIEW")),
      h("div", {className: "application-status-panel__item-value"},
        phase ? h(Badge, {text: phase}) : error ? "not known" : "…"),
      h("div", {className: "application-status-panel__item-name"}, sentence(reason || error)),
      h("button", {type: "button", style: styles.plain, onClick: openFlyout}, "Show the preview"))
  }

  const Panel = props => environmentOf(props.application) ? h(State, props) : null

  // ---- The page with all previews

  const matches = (application, words) => {
    const notes = annotationsOf(application)
    const text = [application.metadata.name, notes[label("owner")], notes[label("author")], notes[label("repository")], pullRequestOf(application)]
    return words.every(word => text.join(" ").toLowerCase().includes(word))
  }

  const pullRequestOf = application => {
    const notes = annotationsOf(application)
    return notes[label("pull-request")] ? `${notes[label("repository")]}#${notes[label("pull-request")]}` : ""
  }

  // linkOf returns the address of an annotation like "Title|https://…".
  const linkOf = (application, id) => (annotationsOf(application)["link.argocd.argoproj.io/" + id] || "").split("|")[1]

  const cellsOf = (application, isOpen, toggle) => {
    const {metadata: {name, namespace}, status: {health = {}, sync = {}} = {}} = application
    const notes = annotationsOf(application)
    const url = notes[label("url")]
    return [
      h("button", {type: "button", style: styles.plain, "aria-expanded": isOpen, onClick: toggle}, environmentOf(application)),
      h(Badge, {text: labelsOf(application)[label("state")] || "unknown"}),
      [health.status, sync.status].filter(Boolean).join(", "),
      pullRequestOf(application) && h(Link, {to: linkOf(application, "pull-request")}, pullRequestOf(application)),
      notes[label("owner")],
      url && h(Link, {to: url}, url.replace(/^https?:\/\//, "")),
      notes[label("expires-at")] && h(Time, {at: notes[label("expires-at")]}),
      h("a", {href: address(`applications/${namespace}/${name}`)}, "Application"),
    ]
  }

  const heads = ["Preview", "State", "Argo CD", "Pull request", "Owner", "Address", "Ends", "Details"]

  const Previews = () => {
    const {value: applications, error} = useReading(list, 30, "list")
    const [text, setText] = useState("")
    const [open, setOpen] = useState("")
    const words = text.toLowerCase().split(/\s+/).filter(Boolean)
    const found = (applications || []).filter(application => matches(application, words))
    const rows = found.map(application => {
      const {name} = application.metadata
      return {key: name, cells: cellsOf(application, open === name, () => setOpen(open === name ? "" : name))}
    })
    const chosen = found.find(application => application.metadata.name === open)
    return h("div", {className: "white-box", style: {...styles.panel, margin: "1.5em"}},
      h("div", {style: styles.row},
        h("input", {
          type: "search", "aria-label": "Search previews", placeholder: "Search name, owner or pull request", style: styles.field,
          value: text, onChange: event => setText(event.target.value),
        }),
        h("span", {role: "status"}, applications ? `${found.length} of ${applications.length} previews` : "Reading the previews…")),
      h(Problem, {text: error}),
      chosen && h("div", {style: {border: styles.field.border, borderRadius: "4px", margin: "0 0 1em"}},
        h(Preview, {application: chosen, key: open})),
      rows.length > 0 && h("div", {style: {overflowX: "auto"}}, h(Table, {heads, rows})))
  }

  extensionsAPI.registerResourceExtension(Tab, "argoproj.io", "Application", "Preview", {icon: "fa-layer-group"})
  if (extensionsAPI.registerStatusPanelExtension) {
    extensionsAPI.registerStatusPanelExtension(Panel, "Preview", "previewset", Tab)
  }
  if (extensionsAPI.registerSystemLevelExtension) {
    extensionsAPI.registerSystemLevelExtension(Previews, "Previews", "/previews", "fa-layer-group")
  }
})(window)
