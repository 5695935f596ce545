//! The REST routes of a connected platform, over HTTP.

#![expect(clippy::unwrap_used, reason = "a failing set-up fails the test")]

use crate::house::House;
use rstest::rstest;
use serde_json::{Value, json};

const BASE: &str = "/api/integrations/vercel";

async fn connected() -> (House, String) {
    let house = House::new().await;
    let seeded = house.seed().await;
    let (status, body) =
        house.call("POST", &format!("{BASE}/connect"), Some(json!({"token": seeded.vercel_token}))).await;
    assert_eq!((status, &body["success"], &body["username"]), (200, &json!(true), &json!("octo-dev")));
    (house, seeded.vercel_token)
}

#[tokio::test]
async fn the_life_of_a_connection() {
    let (house, token) = connected().await;
    let (_, body) = house.call("GET", &format!("{BASE}/status"), None).await;
    assert_eq!((&body["connected"], &body["connection"]["delivery"]), (&json!(true), &json!("webhook")));
    assert!(!body.to_string().contains(&token));
    let (_, projects) = house.call("GET", &format!("{BASE}/projects"), None).await;
    assert_eq!(projects[0]["repository"], "acme/shop-web");
    let (_, subscriptions) = house.call("GET", &format!("{BASE}/subscriptions"), None).await;
    assert_eq!(projects[0]["subscriptionId"], subscriptions[0]["id"]);
    let (status, _) = house.call("DELETE", &format!("{BASE}/disconnect"), None).await;
    assert_eq!(status, 200);
    let (_, body) = house.call("GET", &format!("{BASE}/status"), None).await;
    assert_eq!(body, json!({"connected": false, "provider": "vercel"}));
    let (status, body) = house.call("DELETE", &format!("{BASE}/disconnect"), None).await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("not_found")));
}

#[tokio::test]
async fn tokens_are_looked_at_and_tried() {
    let house = House::new().await;
    let seeded = house.seed().await;
    for (path, token, valid) in [
        ("validate", "short", false),
        ("validate", "with a blank in it", false),
        ("validate", "vcp_looks_like_one", false),
        ("validate", seeded.vercel_token.as_str(), true),
        ("test", "vcp_looks_like_one", false),
        ("test", seeded.vercel_token.as_str(), true),
    ] {
        let (status, body) =
            house.call("POST", &format!("{BASE}/token/{path}"), Some(json!({"token": token}))).await;
        assert_eq!((status, &body["valid"]), (200, &json!(valid)), "{path} {token}");
        assert_eq!(body["error"].is_string(), !valid);
    }
    let (status, body) =
        house.call("POST", &format!("{BASE}/connect"), Some(json!({"token": "vcp_looks_like_one"}))).await;
    assert_eq!((status, &body["error"]["code"]), (422, &json!("token_refused")));
}

#[tokio::test]
async fn subscriptions_are_changed_ended_and_made_again() {
    let (house, _) = connected().await;
    let (_, list) = house.call("GET", &format!("{BASE}/subscriptions"), None).await;
    let path = format!("{BASE}/subscriptions/{}", list[0]["id"].as_str().unwrap());
    let change = json!({"autoFixEnabled": false, "maxFixAttempts": 5, "fixBranchPrefix": "bot/"});
    let (status, changed) = house.call("PATCH", &path, Some(change)).await;
    assert_eq!(
        (status, &changed["autoFixEnabled"], &changed["maxFixAttempts"]),
        (200, &json!(false), &json!(5))
    );
    assert_eq!((&changed["fixBranchPrefix"], &changed["notifyOnFix"]), (&json!("bot/"), &json!(true)));
    let (_, all) =
        house.call("PATCH", &format!("{BASE}/subscriptions"), Some(json!({"autoFixEnabled": true}))).await;
    assert_eq!(all[0]["autoFixEnabled"], true);
    let (status, _) = house.call("DELETE", &path, None).await;
    assert_eq!((status, house.standins.webhooks().len()), (200, 0));
    let (status, _) = house.call("DELETE", &path, None).await;
    assert_eq!(status, 404);
    let input = json!({"projectId": list[0]["projectId"], "autoFixEnabled": false});
    let (status, made) = house.call("POST", &format!("{BASE}/subscriptions"), Some(input)).await;
    assert_eq!((status, &made["autoFixEnabled"], &made["delivery"]), (201, &json!(false), &json!("webhook")));
    assert_eq!(house.standins.webhooks().len(), 1);
    let unknown = json!({"projectId": "prj_none"});
    assert_eq!(house.call("POST", &format!("{BASE}/subscriptions"), Some(unknown)).await.0, 404);
}

#[tokio::test]
async fn rules_are_made_changed_and_deleted() {
    let (house, _) = connected().await;
    let (_, list) = house.call("GET", &format!("{BASE}/subscriptions"), None).await;
    let input = json!({"subscriptionId": list[0]["id"], "name": "Quota", "errorPattern": "quota (exceeded|reached)",
        "errorType": "build", "skipFix": true, "customPrompt": "Be brief."});
    let (status, rule) = house.call("POST", &format!("{BASE}/rules"), Some(input)).await;
    assert_eq!((status, &rule["priority"], &rule["enabled"]), (201, &json!(0), &json!(true)));
    let path = format!("{BASE}/rules/{}", rule["id"].as_str().unwrap());
    let (status, changed) = house.call("PATCH", &path, Some(json!({"priority": 7, "errorType": null}))).await;
    assert_eq!((status, &changed["priority"], &changed["errorType"]), (200, &json!(7), &Value::Null));
    assert_eq!((&changed["name"], &changed["customPrompt"]), (&json!("Quota"), &json!("Be brief.")));
    let (_, rules) = house.call("GET", &format!("{BASE}/rules"), None).await;
    assert_eq!(rules.as_array().unwrap().len(), 1);
    assert_eq!(house.call("DELETE", &path, None).await.0, 200);
    assert_eq!(house.call("PATCH", &path, Some(json!({"priority": 1}))).await.0, 404);
}

#[rstest]
#[case::no_such_platform("GET", "/api/integrations/netlify/status", None, 404, "not_found")]
#[case::not_connected("GET", "/api/integrations/vercel/projects", None, 404, "not_found")]
#[case::no_token("POST", "/api/integrations/vercel/connect", Some(json!({})), 422, "invalid")]
#[case::short_token("POST", "/api/integrations/vercel/connect", Some(json!({"token": "x"})), 422, "invalid")]
#[case::no_body("POST", "/api/integrations/vercel/connect", None, 400, "bad_request")]
#[case::method("PUT", "/api/integrations/vercel/connect", None, 405, "bad_request")]
#[case::nowhere("GET", "/api/integrations/vercel/nowhere", None, 404, "not_found")]
#[case::no_rule("DELETE", "/api/integrations/vercel/rules/x", None, 404, "not_found")]
#[tokio::test]
async fn refusals_have_a_code_and_a_sentence(
    #[case] method: &str,
    #[case] path: &str,
    #[case] body: Option<Value>,
    #[case] status: u16,
    #[case] code: &str,
) {
    let house = House::new().await;
    let (answered, body) = house.call(method, path, body).await;
    assert_eq!((answered, body["error"]["code"].as_str()), (status, Some(code)));
    assert!(body["error"]["message"].as_str().unwrap().ends_with('.'));
}

#[rstest]
#[case("subscriptions", json!({"maxFixAttempts": 0}))]
#[case("subscriptions", json!({"maxFixAttempts": 11}))]
#[case("subscriptions", json!({"fixBranchPrefix": "../x"}))]
#[case("subscriptions", json!({"webhookSecret": "x"}))]
#[tokio::test]
async fn bad_settings_are_refused(#[case] path: &str, #[case] body: Value) {
    let (house, _) = connected().await;
    let (status, answer) = house.call("PATCH", &format!("{BASE}/{path}"), Some(body)).await;
    assert_eq!((status, &answer["error"]["code"]), (422, &json!("invalid")));
}

#[rstest]
#[case(json!({"name": "", "errorPattern": "x"}))]
#[case(json!({"name": "n", "errorPattern": ""}))]
#[case(json!({"name": "n", "errorPattern": "("}))]
#[case(json!({"name": "n", "errorPattern": "(a{1000}){1000}"}))]
#[case(json!({"name": "n", "errorPattern": "x", "errorType": "strange"}))]
#[tokio::test]
async fn bad_rules_are_refused(#[case] mut body: Value) {
    let (house, _) = connected().await;
    let (_, list) = house.call("GET", &format!("{BASE}/subscriptions"), None).await;
    body["subscriptionId"] = list[0]["id"].clone();
    let (status, answer) = house.call("POST", &format!("{BASE}/rules"), Some(body)).await;
    assert_eq!((status, &answer["error"]["code"]), (422, &json!("invalid")));
}

#[tokio::test]
async fn nobody_else_gets_in() {
    let (mut house, _) = connected().await;
    house.cookie = String::new();
    for (method, path) in
        [("GET", "status"), ("GET", "projects"), ("DELETE", "disconnect"), ("GET", "subscriptions")]
    {
        let (status, body) = house.call(method, &format!("{BASE}/{path}"), None).await;
        assert_eq!((status, &body["error"]["code"]), (401, &json!("unauthorized")), "{path}");
    }
    assert_eq!(house.subscriptions().await.len(), 1);
}

#[rstest]
#[case::too_large(2 << 20, 413, "payload_too_large")]
#[case::unsigned(100, 401, "bad_signature")]
#[tokio::test]
async fn deliveries_that_cannot_be_right(#[case] bytes: usize, #[case] status: u16, #[case] code: &str) {
    let house = House::new().await;
    let url = format!("{}{BASE}/webhooks", house.address);
    let answer = house.client.post(url).body(vec![b' '; bytes]).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), status);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], code);
}

#[rstest]
#[case("POST", "/api/integrations/netlify/webhooks", 404)]
#[case("POST", "/api/integrations/render/webhooks", 401)]
#[case("GET", "/api/integrations/vercel/webhooks", 405)]
#[tokio::test]
async fn webhooks_of_nobody(#[case] method: &str, #[case] path: &str, #[case] status: u16) {
    let house = House::new().await;
    let (answered, body) = house.call(method, path, None).await;
    assert_eq!(answered, status);
    assert!(body["error"]["code"].is_string());
}
