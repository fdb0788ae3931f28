#!/usr/bin/env bash
# Sends thousands of odd requests, made from the gateway's own OpenAPI document, to a running gateway:
# no answer may be a fault of ours (5xx), and every answer must be as the document says.
# Needs `schemathesis` and `openapi-spec-validator` (PyPI) on the PATH. Examples per route: $1.
set -euo pipefail
cd "$(dirname "$0")/../.."

state="$(mktemp -d)"
export PAWL_STATE_DIR="$state" PAWL_GATEWAY_REQUESTS_PER_MINUTE=1000000 PAWL_LOG_LEVEL=warn
trap 'node bin/pawl.js stop; rm -rf "$state"' EXIT
node bin/pawl.js ls >&2

url="$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1] + "/stack.json")).gatewayUrl' "$state")"
for _ in $(seq 60); do curl -fs "$url/health" > /dev/null && break; sleep 1; done
auth="Authorization: Bearer $(cat "$state/local.token")"
curl -fs "$url/openapi.json" -H "$auth" > "$state/openapi.json"
openapi-spec-validator "$state/openapi.json"
schemathesis run "$url/openapi.json" --header "$auth" --max-examples "${1:-30}" --request-timeout 40 \
  --exclude-path-regex '/events$' \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance
