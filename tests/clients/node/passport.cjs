// passport-facebook, unchanged but for its three URLs, in the place of a web framework. Reads {graph, app_id, app_secret, uri} from standard input.
'use strict';
const {readFileSync} = require('node:fs');
const {Strategy} = require('passport-facebook');
const consent = require('./person.cjs');

const given = JSON.parse(readFileSync(0, 'utf8'));

function strategy(secret) {
  return new Strategy(
    {
      clientID: given.app_id,
      clientSecret: secret,
      callbackURL: given.uri,
      authorizationURL: `${given.graph}/v26.0/dialog/oauth`,
      tokenURL: `${given.graph}/v26.0/oauth/access_token`,
      profileURL: `${given.graph}/v26.0/me`,
      profileFields: ['id', 'displayName', 'emails'],
      enableProof: true,
    },
    (accessToken, refreshToken, profile, done) => done(null, {accessToken, profile}),
  );
}

// What passport does with a strategy for each request.
function run(made, query) {
  return new Promise((resolve, reject) => {
    const here = Object.create(made);
    here.redirect = (url) => resolve({redirect: url});
    here.success = (user) => resolve({user});
    here.fail = (info) => reject(new Error(`failed: ${JSON.stringify(info)}`));
    here.error = reject;
    here.authenticate({query, headers: {}, connection: {}}, {scope: ['email', 'ads_read'], state: 's 1'});
  });
}

async function main() {
  const shown = {};
  const taken = await consent((await run(strategy(given.app_secret), {})).redirect);
  shown.state = taken.state;
  shown.refused = await run(strategy('wrong'), taken).catch((error) => [error.name, error.code, error.message]);
  const {user} = await run(strategy(given.app_secret), taken);
  shown.profile = [user.profile.id, user.profile.displayName, user.profile.emails[0].value];
  const debug = new URL(`${given.graph}/v26.0/debug_token`);
  debug.search = new URLSearchParams({input_token: user.accessToken, access_token: `${given.app_id}|${given.app_secret}`});
  const {data} = await (await fetch(debug)).json();
  shown.debug = [data.is_valid, data.app_id === given.app_id, data.type, data.scopes];
  process.stdout.write(JSON.stringify(shown));
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
