//! The description of the REST API → a page for people. It is made once, has no scripts, and needs no sign-in.

use crate::components::icon::Logo;
use axum::{
    http::{HeaderName, header},
    response::Html,
};
use leptos::prelude::*;
use serde_json::Value;
use utoipa::openapi::OpenApi;

/// Nothing but our style sheet and pictures.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const SCHEMAS: &str = "#/components/schemas/";

/// A finished page with its policy.
pub type Page = ([(HeaderName, &'static str); 1], Html<String>);

/// The page of that document.
pub fn page(api: &OpenApi) -> Page {
    let api = serde_json::to_value(api).unwrap_or_default();
    let tags = list(&api["tags"]).map(|tag| section(&api, tag)).collect_view();
    let mut schemas: Vec<_> = api["components"]["schemas"].as_object().into_iter().flatten().collect();
    schemas.sort_by_key(|(name, _)| *name);
    let schemas = schemas.into_iter().map(|(name, schema)| definition(name, schema)).collect_view();
    let contents = list(&api["tags"]).map(|tag| {
        let name = text(&tag["name"]);
        view! { <li><a href=format!("#{name}")>{name.clone()}</a></li> }
    });
    let contents = contents.collect_view();
    let body = view! {
        <main id="content" class="reference">
            <header>
                <a class="brand" href="/deployments"><Logo /><span>"Deploymend"</span></a>
                <h1>"REST API"</h1>
                <p>{prose(&api["info"]["description"])}</p>
                <p>"The same as " <a href="/api/openapi.json">"OpenAPI 3.1"</a> "."</p>
                <nav aria-label="Contents"><ul>{contents}<li><a href="#schemas">"Schemas"</a></li></ul></nav>
            </header>
            {tags}
            <section aria-labelledby="schemas"><h2 id="schemas">"Schemas"</h2>{schemas}</section>
        </main>
    };
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>REST API · Deploymend</title><link rel=\"stylesheet\" href=\"/pkg/deploymend.css\"><link rel=\"icon\" \
         href=\"/favicon.svg\" type=\"image/svg+xml\"></head><body>{}</body></html>",
        body.to_html()
    );
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html))
}

/// The operations with one tag.
fn section(api: &Value, tag: &Value) -> impl IntoView + use<> {
    let name = text(&tag["name"]);
    let mut found = Vec::new();
    for (path, item) in api["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let operation = &item[method];
            if list(&operation["tags"]).any(|tag| tag.as_str() == Some(name.as_str())) {
                found.push(self::operation(path, method, operation));
            }
        }
    }
    view! {
        <section aria-labelledby=name.clone()>
            <h2 id=name.clone()>{name.clone()}</h2>
            <p>{prose(&tag["description"])}</p>
            {found.collect_view()}
        </section>
    }
}

fn operation(path: &str, method: &str, operation: &Value) -> impl IntoView + use<> {
    let parameters = list(&operation["parameters"]).map(|parameter| {
        let required = parameter["required"] == true;
        row(text(&parameter["name"]), kind(&parameter["schema"]), required, prose(&parameter["description"]))
    });
    let parameters: Vec<_> = parameters.collect();
    let body = content(&operation["requestBody"]);
    let responses = operation["responses"].as_object().into_iter().flatten().map(|(status, response)| {
        let description = prose(&response["description"]);
        let cells = view! {
            <tr>
                <td class="mono">{status.clone()}</td>
                <td>{content(response)}</td>
                <td>{description}</td>
            </tr>
        };
        cells.into_any()
    });
    let responses = responses.collect();
    view! {
        <article id=text(&operation["operationId"])>
            <h3><span class="chip">{method.to_uppercase()}</span> <code>{path.to_owned()}</code></h3>
            <p>{prose(&operation["summary"])}</p>
            <p>{prose(&operation["description"])}</p>
            {(!parameters.is_empty()).then(|| table("Parameters", ["Name", "Type", "Meaning"], parameters))}
            {body.map(|body| view! { <p class="body">"Body: " {body}</p> })}
            {table("Answers", ["Status", "Body", "When"], responses)}
        </article>
    }
}

/// A schema with its name.
fn definition(name: &str, schema: &Value) -> impl IntoView + use<> {
    let required: Vec<_> = list(&schema["required"]).filter_map(Value::as_str).collect();
    let rows: Vec<_> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, field)| {
            row(name.clone(), kind(field), required.contains(&name.as_str()), prose(&field["description"]))
        })
        .collect();
    let kind = rows.is_empty().then(|| view! { <p>{kind(schema)}</p> });
    view! {
        <article id=format!("schema-{name}")>
            <h3><code>{name.to_owned()}</code></h3>
            <p>{prose(&schema["description"])}</p>
            {kind}
            {(!rows.is_empty()).then(|| table("Fields", ["Name", "Type", "Meaning"], rows))}
        </article>
    }
}

fn row(name: String, kind: AnyView, required: bool, description: AnyView) -> AnyView {
    view! {
        <tr>
            <td class="mono">{name}{required.then(|| view! { <abbr title="required">" *"</abbr> })}</td>
            <td>{kind}</td>
            <td>{description}</td>
        </tr>
    }
    .into_any()
}

/// A table that scrolls on its own where it is too wide.
fn table(caption: &'static str, heads: [&'static str; 3], rows: Vec<AnyView>) -> impl IntoView + use<> {
    let heads = heads.map(|head| view! { <th scope="col">{head}</th> });
    view! {
        <div class="table-scroll" tabindex="0" role="group" aria-label=caption>
            <table class="table">
                <caption>{caption}</caption>
                <thead><tr>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// The type of a body, if it has one.
fn content(of: &Value) -> Option<AnyView> {
    let (media, body) = of["content"].as_object()?.iter().next()?;
    let other = (media != "application/json").then(|| format!(" as {media}"));
    Some(view! { {kind(&body["schema"])} {other} }.into_any())
}

/// A type in a few words, with links to named ones.
fn kind(schema: &Value) -> AnyView {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix(SCHEMAS)) {
        let href = format!("#schema-{name}");
        return view! { <a href=href>{name.to_owned()}</a> }.into_any();
    }
    if let Some(choices) = ["oneOf", "anyOf", "allOf"].into_iter().find_map(|name| schema[name].as_array()) {
        let mut parts = Vec::new();
        for choice in choices {
            if !parts.is_empty() {
                parts.push(view! { " or " }.into_any());
            }
            parts.push(kind(choice));
        }
        return parts.into_any();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" · ").into_any();
    }
    if !schema["items"].is_null() {
        return view! { "list of " {kind(&schema["items"])} }.into_any();
    }
    if let Some(fields) = schema["properties"].as_object() {
        let fields =
            fields.iter().map(|(name, field)| view! { <span>{name.clone()} ": " {kind(field)} "; "</span> });
        return view! { "{ " {fields.collect_view()} "}" }.into_any();
    }
    let name = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        name => text(name),
    };
    match schema["format"].as_str() {
        Some(format) => format!("{name} ({format})").into_any(),
        None => name.into_any(),
    }
}

/// Text in which `code` is marked as in Markdown.
fn prose(of: &Value) -> AnyView {
    let text = text(of);
    let parts = text.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => part.to_owned().into_any(),
        _ => view! { <code>{part.to_owned()}</code> }.into_any(),
    });
    parts.collect_view().into_any()
}

fn list(of: &Value) -> impl Iterator<Item = &Value> {
    of.as_array().into_iter().flatten()
}

fn text(of: &Value) -> String {
    of.as_str().unwrap_or_default().to_owned()
}
