// The person in front of the login dialog: nadia, who grants what is asked. Returns the query that the browser takes back to the app.
'use strict';

module.exports = async function consent(url) {
  const form = new URLSearchParams({person: '100000000000401'});
  const send = () => fetch(url, {method: 'POST', body: form, redirect: 'manual'});
  form.set('form_token', /name="form_token" value="([^"]+)"/.exec(await (await fetch(url)).text())[1]);
  const asked = await (await send()).text();
  for (const scope of asked.matchAll(/name="scope" value="(\w+)"/g)) form.append('scope', scope[1]);
  form.set('decision', 'continue');
  return Object.fromEntries(new URL((await send()).headers.get('location')).searchParams);
};
