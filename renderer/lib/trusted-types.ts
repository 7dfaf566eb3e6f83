/**
 * The page runs under Trusted Types: text may not become markup or a script address unless a policy lets it through.
 * The default policy lets through exactly what the libraries need – style sheet text (which holds no tag) and workers
 * from this page's own files – and refuses everything else.
 */

interface PolicyRules {
  createHTML(text: string): string;
  createScriptURL(text: string): string;
}

interface TrustedTypesFactory {
  createPolicy(name: string, rules: PolicyRules): unknown;
}

export function checkMarkup(text: string): string {
  if (text.includes('<')) throw new TypeError('This page never turns text into markup.');
  return text;
}

export function checkScriptUrl(text: string, base: string): string {
  const url = new URL(text, base);
  if (url.origin !== new URL(base).origin || url.protocol !== new URL(base).protocol)
    throw new TypeError('This page runs only its own files.');
  return text;
}

export function installTrustedTypes(): void {
  const factory = (window as Window & { trustedTypes?: TrustedTypesFactory }).trustedTypes;
  factory?.createPolicy('default', {
    createHTML: checkMarkup,
    createScriptURL: (text) => checkScriptUrl(text, window.location.href),
  });
}
