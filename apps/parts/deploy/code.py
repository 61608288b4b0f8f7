"""How a program asks the server: curl, Python without further packages, and JavaScript."""

CURL = """\
(printf '{{"instances": [{{"b64": "'; base64 < {image} | tr -d '\\n'; printf '"}}]}}') |
  curl --silent --show-error --data-binary @- {address}:predict
"""
SHORT = "curl --silent --show-error -F image=@{image} {address}/classify\n"
PYTHON = """\
import base64
import json
import urllib.request

with open("{image}", "rb") as file:
    image = base64.b64encode(file.read()).decode()
body = json.dumps({{"instances": [{{"b64": image}}]}}).encode()
request = urllib.request.Request("{address}:predict", body, {{"Content-Type": "application/json"}})
with urllib.request.urlopen(request) as response:
    answer = json.load(response)["predictions"][0]
if answer["problem"]:
    print(answer["problem"])
else:
    if "decision" in answer:
        print("Decision:", answer["decision"])
    print(f'Likeliest: {{answer["classes"][0]}}, {{answer["probabilities"][0]:.1%}}')
"""
JAVASCRIPT = """\
import {{ readFile }} from "node:fs/promises";

const image = (await readFile("{image}")).toString("base64");
const response = await fetch("{address}:predict", {{
  method: "POST",
  headers: {{ "Content-Type": "application/json" }},
  body: JSON.stringify({{ instances: [{{ b64: image }}] }}),
}});
const answer = (await response.json()).predictions[0];
if (answer.problem) {{
  console.log(answer.problem);
}} else {{
  if (answer.decision) console.log(`Decision: ${{answer.decision}}`);
  console.log(`Likeliest: ${{answer.classes[0]}}, ${{(100 * answer.probabilities[0]).toFixed(1)}}%`);
}}
"""
TITLES = {  # language of the coloring, title, what it needs
    "curl": ("bash", "curl", "The same request that TensorFlow Serving takes."),
    "short": ("bash", "curl, shorter", "Only this server takes it: the image as it is."),
    "python": ("python", "Python", "Needs nothing but Python."),
    "javascript": ("javascript", "JavaScript", "Save it as ask.mjs and run it with Node 18 or later."),
}


def code_for(language: str, address: str, image: str = "image.jpg") -> str:
    """A program that asks a model about an image.

    Args:
        language: One of `TITLES`.
        address: Of the model, such as "http://127.0.0.1:8501/v1/models/flowers".
        image: The file.
    """
    text = {"curl": CURL, "short": SHORT, "python": PYTHON, "javascript": JAVASCRIPT}[language]
    return text.format(address=address, image=image)
