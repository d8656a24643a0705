// simple-oauth2, unchanged but for the host. It sends the app's credentials as HTTP Basic. Reads {graph, app_id, app_secret, uri} from standard input.
'use strict';
const {readFileSync} = require('node:fs');
const {AuthorizationCode, ClientCredentials} = require('simple-oauth2');
const consent = require('./person.cjs');

const given = JSON.parse(readFileSync(0, 'utf8'));

function config(secret) {
  return {
    client: {id: given.app_id, secret},
    auth: {tokenHost: given.graph, tokenPath: '/v26.0/oauth/access_token'},
  };
}

function authorizing(secret) {
  const {client, auth} = config(secret);
  return {client, auth: {...auth, authorizePath: '/v26.0/dialog/oauth'}};
}

async function main() {
  const shown = {};
  const client = new AuthorizationCode(authorizing(given.app_secret));
  const redirect_uri = given.uri;
  const taken = await consent(client.authorizeURL({redirect_uri, scope: 'email,ads_read', state: 's 1'}));
  const code = taken.code;
  shown.state = taken.state;
  shown.refused = await new AuthorizationCode(authorizing('wrong'))
    .getToken({code, redirect_uri})
    .catch((error) => [error.output.statusCode, error.data.payload.error.type, error.data.payload.error.code]);
  const got = await client.getToken({code, redirect_uri});
  shown.token = [got.token.token_type, got.token.expires_in, got.expired()];
  const me = await fetch(`${given.graph}/v26.0/me?fields=name`, {headers: {authorization: `Bearer ${got.token.access_token}`}});
  shown.me = await me.json();
  const app = await new ClientCredentials(config(given.app_secret)).getToken({});
  shown.app = app.token.access_token === `${given.app_id}|${given.app_secret}`;
  process.stdout.write(JSON.stringify(shown));
}

main().catch((error) => {
  console.error(error.message, JSON.stringify(error.data?.payload ?? null));
  process.exit(1);
});
