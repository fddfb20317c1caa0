// Shows an OpenAPI document. Everything from the document enters the page as
// text nodes, never as markup.
"use strict";
(() => {
  const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
  const body = document.body;
  const base = body.dataset.base;
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");

  const el = (tag, attrs, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attrs || {})) {
      if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    for (const child of children.flat()) {
      if (child != null && child !== false) node.append(child);
    }
    return node;
  };

  const resolve = (doc, thing) => {
    let seen = 0;
    while (thing && thing.$ref && thing.$ref.startsWith("#/") && seen++ < 20) {
      thing = thing.$ref.slice(2).split("/")
        .map((token) => token.replace(/~1/g, "/").replace(/~0/g, "~"))
        .reduce((node, token) => (node == null ? node : node[token]), doc);
    }
    return thing || {};
  };

  const refName = (schema) => schema && schema.$ref && schema.$ref.split("/").pop();

  const typeText = (schema) => {
    if (schema === true || schema == null) return "any";
    if (schema === false) return "nothing";
    const name = refName(schema);
    if (name) return name;
    if ("const" in schema) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
    for (const word of ["oneOf", "anyOf"]) {
      if (schema[word]) return schema[word].map(typeText).join(" | ");
    }
    if (schema.allOf) return schema.allOf.map(typeText).join(" & ");
    const types = [].concat(schema.type || "any");
    return types.map((type) => {
      if (type === "array") return "[" + typeText(schema.items) + "]";
      return type === "string" && schema.format ? "string (" + schema.format + ")" : type;
    }).join(" | ");
  };

  const LIMITS = ["minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems", "default"];
  const limitText = (schema) => LIMITS
    .filter((word) => schema && schema[word] !== undefined)
    .map((word) => word + " " + JSON.stringify(schema[word])).join(", ");

  const schemaView = (doc, schema, depth) => {
    const target = resolve(doc, schema);
    const properties = Object.entries(target.properties || {});
    const items = target.items && resolve(doc, target.items);
    if (depth > 6) return el("span", { class: "type" }, typeText(schema));
    if (properties.length) {
      const required = target.required || [];
      return el("ul", { class: "schema" }, properties.map(([name, inner]) => {
        const nested = Object.keys(resolve(doc, inner).properties || {}).length
          || Object.keys(resolve(doc, resolve(doc, inner).items).properties || {}).length;
        const line = [el("code", {}, name), " ", el("span", { class: "type" }, typeText(inner)), " ",
          required.includes(name) && el("span", { class: "required" }, "required "),
          el("span", { class: "note" }, [resolve(doc, inner).description, limitText(inner)].filter(Boolean).join(". "))];
        return nested
          ? el("li", {}, el("details", {}, el("summary", {}, line), schemaView(doc, inner, depth + 1)))
          : el("li", {}, line);
      }));
    }
    if (items && Object.keys(items.properties || {}).length) return schemaView(doc, target.items, depth + 1);
    return el("span", { class: "type" }, typeText(schema), " ", limitText(target));
  };

  const contentView = (doc, content) => Object.entries(content || {}).map(([type, media]) =>
    el("div", {}, el("code", {}, type), " ", el("span", { class: "type" }, typeText(media.schema)),
      schemaView(doc, media.schema || {}, 0),
      media.example !== undefined && el("pre", {}, JSON.stringify(media.example, null, 2))));

  const sample = (doc, schema, depth) => {
    const target = resolve(doc, schema);
    if (target.default !== undefined) return target.default;
    if (target.examples && target.examples.length) return target.examples[0];
    if ("const" in target) return target.const;
    if (target.enum) return target.enum[0];
    if (depth > 5) return null;
    const first = (target.oneOf || target.anyOf || [])[0];
    if (first) return sample(doc, first, depth + 1);
    switch ([].concat(target.type)[0]) {
      case "object":
        return Object.fromEntries(Object.entries(target.properties || {})
          .map(([name, inner]) => [name, sample(doc, inner, depth + 1)]));
      case "array": return [sample(doc, target.items, depth + 1)];
      case "integer": return target.minimum ?? 0;
      case "number": return target.minimum ?? 0;
      case "boolean": return true;
      case "string": return target.format === "email" ? "ada@example.org" : "text";
      default: return null;
    }
  };

  const tryForm = (doc, method, path, parameters, bodySchema) => {
    const output = el("div", { "aria-live": "polite" });
    const inputs = parameters.filter((parameter) => parameter.in !== "cookie").map((parameter) => {
      const input = el("input", { required: parameter.required, autocomplete: "off" });
      return { parameter, input };
    });
    const token = el("input", { type: "password", autocomplete: "off", placeholder: "optional" });
    const text = bodySchema && el("textarea", { spellcheck: "false" });
    if (text) text.value = JSON.stringify(sample(doc, bodySchema, 0), null, 2);
    const form = el("form", { class: "try" },
      inputs.map(({ parameter, input }) => el("label", {}, parameter.name + " (" + parameter.in + ")", input)),
      el("label", {}, "Bearer token", token),
      text && el("label", {}, "Body", text),
      el("button", { type: "submit" }, "Send " + method.toUpperCase()), output);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      let url = path;
      const query = new URLSearchParams();
      const headers = {};
      for (const { parameter, input } of inputs) {
        if (parameter.in === "path") {
          const encoded = parameter["x-plumego-wildcard"]
            ? input.value.split("/").map(encodeURIComponent).join("/")
            : encodeURIComponent(input.value);
          url = url.replace("{" + parameter.name + "}", encoded);
        } else if (input.value !== "" && parameter.in === "query") query.append(parameter.name, input.value);
        else if (input.value !== "") headers[parameter.name] = input.value;
      }
      if (token.value) headers.Authorization = "Bearer " + token.value;
      if (text) headers["Content-Type"] = "application/json";
      const search = query.toString();
      try {
        const response = await fetch(url + (search ? "?" + search : ""),
          { method: method.toUpperCase(), headers, body: text ? text.value : undefined });
        const answer = await response.text();
        let shown = answer;
        try { shown = JSON.stringify(JSON.parse(answer), null, 2); } catch { /* shown as it came */ }
        output.replaceChildren(el("p", {}, el("strong", {}, String(response.status)), " ", response.statusText), el("pre", {}, shown));
      } catch (error) {
        output.replaceChildren(el("p", { class: "error" }, "No answer: " + error.message));
      }
    });
    return el("details", {}, el("summary", {}, "Try it"), form);
  };

  const operationView = (doc, path, item, method, operation) => {
    const id = "op-" + (operation.operationId || method + path).replace(/[^A-Za-z0-9]+/g, "-");
    const parameters = [...(item.parameters || []), ...(operation.parameters || [])].map((p) => resolve(doc, p));
    const requestBody = operation.requestBody && resolve(doc, operation.requestBody);
    const json = requestBody && requestBody.content && requestBody.content["application/json"];
    const security = operation.security ?? doc.security;
    const view = el("article", { id, class: operation.deprecated ? "deprecated" : null },
      el("h3", {}, el("span", { class: "verb " + method }, method), el("span", { class: "path" }, path),
        operation.summary && el("span", { class: "summary" }, operation.summary)),
      el("div", { class: "inside" },
        operation.deprecated && el("p", { class: "error" }, "Deprecated."),
        operation.description && el("p", {}, operation.description),
        security && security.length > 0 && el("p", { class: "note" }, "Needs ",
          security.map((way) => Object.keys(way).join(" and ") || "nothing").join(", or ")),
        parameters.length > 0 && [el("h4", {}, "Parameters"), el("table", {},
          el("thead", {}, el("tr", {}, ["Name", "In", "Type", "What it is"].map((title) => el("th", { scope: "col" }, title)))),
          el("tbody", {}, parameters.map((p) => el("tr", {},
            el("td", {}, el("code", {}, p.name), p.required && el("span", { class: "required" }, " required")),
            el("td", {}, p.in), el("td", { class: "type" }, typeText(p.schema)),
            el("td", {}, [p.description, limitText(p.schema)].filter(Boolean).join(". "))))))],
        requestBody && [el("h4", {}, "Body"), requestBody.description && el("p", {}, requestBody.description), contentView(doc, requestBody.content)],
        el("h4", {}, "Answers"),
        Object.entries(operation.responses || {}).map(([status, response]) => {
          const answer = resolve(doc, response);
          return el("details", {}, el("summary", {}, el("code", {}, status), " ", answer.description),
            contentView(doc, answer.content));
        }),
        body.dataset.try === "on" && tryForm(doc, method, path, parameters, json && json.schema)));
    return { id, view };
  };

  const show = (doc) => {
    const top = document.getElementById("top");
    top.replaceChildren(
      el("h1", {}, doc.info.title, " ", el("small", {}, doc.info.version)),
      doc.info.description && el("p", {}, doc.info.description),
      el("p", {}, el("a", { href: base + "/openapi.json" }, "openapi.json")));
    const groups = new Map((doc.tags || []).map((tag) => [tag.name, []]));
    for (const [path, item] of Object.entries(doc.paths || {})) {
      for (const method of METHODS) {
        const operation = item[method];
        if (!operation) continue;
        const group = (operation.tags || [])[0] || "Operations";
        if (!groups.has(group)) groups.set(group, []);
        groups.get(group).push({ path, item, method, operation });
      }
    }
    main.replaceChildren();
    nav.replaceChildren();
    for (const [name, operations] of groups) {
      if (!operations.length) continue;
      const about = (doc.tags || []).find((tag) => tag.name === name);
      const section = el("section", { class: "group" }, el("h2", {}, name), about && about.description && el("p", {}, about.description));
      const list = el("ul", {});
      for (const { path, item, method, operation } of operations) {
        const { id, view } = operationView(doc, path, item, method, operation);
        section.append(view);
        list.append(el("li", {}, el("a", { href: "#" + id }, el("span", { class: "verb " + method }, method), path)));
      }
      main.append(section);
      nav.append(el("h2", {}, name), list);
    }
    if (!main.children.length) main.append(el("p", { class: "note" }, "The document has no operations."));
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  };

  fetch(base + "/openapi.json").then((response) => {
    if (!response.ok) throw new Error("status " + response.status);
    return response.json();
  }).then(show).catch((error) => {
    main.replaceChildren(el("p", { class: "error", role: "alert" }, "The document cannot be read: " + error.message));
  });
})();
