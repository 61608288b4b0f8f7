"""The page that asks for the password: plain HTML that needs nothing else, because nothing else is given away."""

from html import escape

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>imgcls: log in</title>
<style>
  :root { color-scheme: light dark; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center;
         background: light-dark(#f3f5f8, #11141a); color: light-dark(#1d2433, #e8ebf0);
         font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
  main { width: min(340px, calc(100vw - 32px)); box-sizing: border-box; padding: 28px; border-radius: 10px;
         background: light-dark(#ffffff, #171b22); border: 1px solid light-dark(#d5dae3, #2b313c); }
  h1 { font-size: 20px; margin: 0 0 16px; }
  label { display: block; font-size: 14px; margin-bottom: 4px; }
  input, button { width: 100%; box-sizing: border-box; font: inherit; padding: 8px 10px; border-radius: 6px; }
  input { color: inherit; background: light-dark(#ffffff, #11141a); border: 1px solid light-dark(#7a8496, #8892a2); }
  button { margin-top: 14px; color: #ffffff; background: #2f6db5; border: 1px solid #2f6db5; cursor: pointer; }
  :focus-visible { outline: 2px solid light-dark(#1a4f8f, #7cc2ff); outline-offset: 2px; }
  p { margin: 0 0 12px; color: light-dark(#b42318, #ff8a7a); }
</style>
</head>
<body>
<main>
  <h1>Image classification</h1>
  {problem}
  <form method="post">
    <label for="password">Password</label>
    <input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
    <button>Log in</button>
  </form>
</main>
</body>
</html>
"""


def login_page(problem: str = "") -> str:
    """The page.

    Args:
        problem: What was wrong with the last try; empty at the first.
    """
    return PAGE.replace("{problem}", f'<p role="alert">{escape(problem)}</p>' if problem else "")
