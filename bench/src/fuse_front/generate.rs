//! A package like those people write: fifty modules of a thousand lines, each
//! with types, functions, matches, lists, strings, HTML, routes and tests,
//! which import from the modules before them. Checking it gives no diagnostic.

/// A generated module.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The path of the file, below the root of the package.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The entry module is the last one; it imports all others.
pub(crate) fn package(modules: usize, lines: usize) -> Vec<Source> {
    let mut sources: Vec<Source> = (0..modules.saturating_sub(1))
        .map(|number| module(number, lines))
        .collect();
    sources.push(entry(modules.saturating_sub(1), lines));
    sources
}

pub(crate) fn lines(sources: &[Source]) -> usize {
    sources
        .iter()
        .map(|source| source.text.lines().count())
        .sum()
}

const DOMAINS: [&str; 10] = [
    "Billing",
    "Catalog",
    "Support",
    "Delivery",
    "Archive",
    "Partner",
    "Warehouse",
    "Payroll",
    "Booking",
    "Survey",
];

const NOUNS: [&str; 12] = [
    "Order", "Invoice", "Customer", "Product", "Shipment", "Payment", "Account", "Ticket",
    "Review", "Device", "Contract", "Message",
];

/// A domain with its number, so that names are unique in the package.
fn domain(number: usize) -> String {
    let round = number / DOMAINS.len();
    let suffix = if round == 0 {
        String::new()
    } else {
        char::from(b'A' + round as u8 - 1).to_string()
    };
    format!("{}{suffix}", DOMAINS[number % DOMAINS.len()])
}

/// Lines for the bridge, the offer and the head of the service.
const ENDING: usize = 40;

fn module(number: usize, lines: usize) -> Source {
    let name = domain(number);
    let mut text = String::new();
    let before = number.checked_sub(1).map(domain);
    if let Some(before) = &before {
        let first = names(before, NOUNS[0]);
        text += &fill(IMPORT, &first);
    }
    let mut nouns = Vec::new();
    for noun in NOUNS {
        let routes = (nouns.len() + 1) * ROUTES.lines().count();
        let needed = ENTITY.lines().count() + routes + ENDING;
        if text.lines().count() + needed > lines {
            break;
        }
        text += &fill(ENTITY, &names(&name, noun));
        nouns.push(noun);
    }
    if let Some(before) = &before {
        text += &fill(BRIDGE, &names(before, NOUNS[0])).replace("{own}", &snake(&name));
    }
    text += &fill(OFFER, &names(&name, NOUNS[0]));
    text += &service(&name, &nouns);
    let path = format!("src/{}.fuse", snake(&name));
    Source {
        text: pad(&path, &text, lines),
        path,
    }
}

/// Fills a module up to its length with comments and small functions, each of
/// which calls the one before it; a test calls the last.
fn pad(path: &str, text: &str, lines: usize) -> String {
    let mut text = text.trim().to_owned() + "\n";
    let room = lines.saturating_sub(text.lines().count() + 8);
    text.push_str("\n# Step 0.\nfn step_0(n: Int) -> Int:\n  return n % 1000\n");
    let last = room / 4;
    for number in 1..=last {
        let factor = number % 7 + 2;
        let before = number - 1;
        text += &format!(
            "\n# Step {number}.\nfn step_{number}(n: Int) -> Int:\n  return (step_{before}(n) + {number}) * {factor} % 1000\n"
        );
    }
    text + &format!("\ntest \"{path} steps\":\n  assert(step_{last}(7) >= 0)\n")
}

fn service(domain: &str, nouns: &[&str]) -> String {
    let path = snake(domain);
    let mut text = format!("\nservice {domain}Api at \"/{path}\":\n");
    for noun in nouns {
        text += &fill(ROUTES, &names(domain, noun));
    }
    text
}

fn entry(imports: usize, lines: usize) -> Source {
    let mut text = String::from("requires network\n\n");
    let mut lines_of_imports: Vec<String> = (0..imports)
        .map(domain)
        .map(|name| format!("import {name} from \"./{}\"\n", snake(&name)))
        .collect();
    lines_of_imports.sort_by_key(|line| line.split('"').nth(1).map(str::to_owned));
    text += &lines_of_imports.concat();
    text.push_str("\nfn totals() -> Float:\n  var total = 0.0\n");
    for number in 0..imports {
        let names = names(&domain(number), NOUNS[0]);
        text += &format!(
            "  total = total + {domain}.{module}_value({domain}.{module}_items())\n",
            domain = names.domain,
            module = names.module
        );
    }
    text.push_str(MAIN);
    let path = "src/main.fuse".to_owned();
    Source {
        text: pad(&path, &text, lines),
        path,
    }
}

struct Names {
    domain: String,
    module: String,
    ty: String,
    value: String,
    noun: String,
}

fn names(domain: &str, noun: &str) -> Names {
    Names {
        domain: domain.to_owned(),
        module: snake(domain),
        ty: format!("{domain}{noun}"),
        value: noun.to_lowercase(),
        noun: noun.to_lowercase(),
    }
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(character.to_lowercase());
    }
    out
}

fn fill(template: &str, names: &Names) -> String {
    template
        .replace("{T}", &names.ty)
        .replace("{v}", &names.value)
        .replace("{noun}", &names.noun)
        .replace("{module}", &names.module)
        .replace("{Domain}", &names.domain)
}

const IMPORT: &str = r#"import { {T}, {module}_items, {module}_value } from "./{module}"
"#;

const OFFER: &str = r#"
## What the module after this one imports.
fn {module}_items() -> List<{T}>:
  return {v}_samples()

fn {module}_value(items: List<{T}>) -> Float:
  return {v}_total(items)
"#;

const BRIDGE: &str = r#"
## What the module before this one has to offer.
fn {own}_before() -> Float:
  let items: List<{T}> = {module}_items()
  return {module}_value(items) + 1.0

test "{own} before":
  assert({own}_before() > 1.0)
"#;

const MAIN: &str = r#"  return total

service Health at "/":
  get "/healthz" -> String:
    return "ok"

app "shop":
  print("total ${totals()}")
  serve(8080)
"#;

const ENTITY: &str = r##"
## How far a {noun} has come.
enum {T}State:
  Draft
  Open(since: Int)
  Held(reason: String, days: Int)
  Closed

## A {noun}.
type {T}:
  id: Id
  ## Shown in listings.
  name: String(1..80)
  quantity: Int(0..1000000) = 0
  price: Float = 0.0
  tags: List<String> = []
  note: String? = null
  state: {T}State = {T}State.Draft

type {T}Gone:
  message: String

type {T}Summary = {T} without tags, note

fn {v}_samples() -> List<{T}>:
  return [
    {T}(id="{v}-1", name="First", quantity=3, price=2.5, tags=["new", "blue"]),
    {T}(
      id="{v}-2",
      name="Second",
      price=10.0,
      state={T}State.Open(since=7),
    ),
    {T}(
      id="{v}-3",
      name="Third",
      note="handle with care",
      state={T}State.Held(reason="stock", days=4),
    ),
  ]

fn {v}_total(items: List<{T}>) -> Float:
  var total = 0.0
  for item in items:
    if item.quantity > 0 and item.price >= 0.0:
      total = total + item.price * item.quantity
  return total

fn {v}_label(item: {T}) -> String:
  match item.state:
    Draft -> "draft ${item.name}"
    Open(since=s) -> "open since ${s}: ${item.name.upper()}"
    Held(reason=r, days=d) -> "held for ${d} days: ${r}"
    Closed -> "closed"

fn {v}_get(all: List<{T}>, id: Id) -> {T}!{T}Gone:
  for item in all:
    if item.id == id:
      return item
  null ?! {T}Gone(message="no {noun} `${id}`")

# Counts every tag once for each {noun} that has it.
fn {v}_counts(items: List<{T}>) -> Map<String, Int>:
  var counts: Map<String, Int> = {}
  for item in items:
    for tag in item.tags:
      counts[tag] = (counts[tag] ?? 0) + 1
  return counts

fn {v}_names(items: List<{T}>, limit: Int = 10) -> List<String>:
  let stocked = items.filter(fn(item) => item.quantity > 0)
  return stocked.take(limit).map(fn(item) => item.name.trim().lower())

fn {v}_quantity(text: String) -> Int?:
  let parts = text.split(",")
  if parts.is_empty():
    return null
  let wanted = parts[0].trim().to_int() ?? 0
  if wanted < 0 or wanted > 1_000:
    return null
  return wanted * 2 + parts.len() - 1

component {T}Card(item: {T}):
  article(class="card" data_state={v}_label(item)):
    h2(): item.name
    p(class="note"): item.note ?? "nothing to add"
    ul():
      for tag in item.tags:
        li(class="tag"): tag
    if item.quantity == 0:
      strong(): "sold out"
    else:
      span(): "${item.quantity} left"

test "{module} {noun}":
  let items = {v}_samples()
  assert({v}_total(items) > 7.0, "the total is too small")
  assert({v}_names(items).len() == 1)
  assert(({v}_counts(items)["new"] ?? 0) == 1)
  assert({v}_quantity("4, 5") == 9)
  assert(html.render({T}Card(item=items[0])).contains("First"))
"##;

const ROUTES: &str = r#"  ## Every {noun}.
  get "/{v}" -> List<{T}>:
    return {v}_samples()

  get "/{v}/{id: Id}" -> {T}!{T}Gone:
    let found = {v}_get({v}_samples(), id) ?!
    return found

  get "/{v}/{id: Id}/label" -> String!{T}Gone:
    let found = {v}_get({v}_samples(), id) ?!
    return {v}_label(found)

  post "/{v}" body {T} -> {T}:
    log("{noun} ${body.name} received", {"quantity": body.quantity})
    return body

"#;

#[cfg(test)]
mod tests {
    use super::*;
    use fuse_syntax::{FormatOptions, format};

    #[test]
    fn the_package_has_its_size_and_is_formatted() {
        let sources = package(50, 1_000);
        assert_eq!(sources.len(), 50);
        let lines = lines(&sources);
        assert!((49_500..=50_000).contains(&lines), "{lines}");
        for source in &sources {
            let formatted = format(&source.text, &FormatOptions::default());
            assert_eq!(formatted.unwrap(), source.text, "{}", source.path);
        }
    }

    #[test]
    fn the_package_has_nothing_to_report() {
        assert_eq!(super::super::command::problems(&package(4, 1_000)), []);
        assert_eq!(super::super::command::problems(&package(3, 300)), []);
    }

    #[test]
    fn every_module_has_its_own_path() {
        let sources = package(50, 1_000);
        let mut paths: Vec<&str> = sources.iter().map(|source| source.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), 50);
    }
}
