"""Makes the expected renders of the tests with Python's jinja2, set up as Hugging Face's transformers does.

Reads templates/*.jinja and snippets.py, and writes beside itself
  cases.json     the variables of every case
  expected.json  per template and case: {"output": text}, {"raised": message of raise_exception} or {"error": text}
  snippets.json  per snippet the source and one of the same three

Run it with Python 3.11 and jinja2 3.1.6: python3 make_goldens.py
"""

import datetime
import json
import pathlib

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from snippets import SNIPPETS, VARIABLES

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2026, 3, 5, 14, 7, 9)


class Raised(jinja2.exceptions.TemplateError):
    """The template called raise_exception."""


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        call = self.call_method("_render")
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(line)

    @jinja2.pass_eval_context
    def _render(self, context, caller):
        return caller()


def raise_exception(message):
    raise Raised(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def environment():
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


def user(content):
    return {"role": "user", "content": content}


def system(content):
    return {"role": "system", "content": content}


def assistant(content, **fields):
    return {"role": "assistant", "content": content, **fields}


def tool(content, call="abcdef123"):
    return {"role": "tool", "name": "get_weather", "tool_call_id": call, "content": content}


CITY = {"type": "string", "description": "City name"}
WEATHER = {
    "name": "get_weather",
    "description": 'Get the weather in <city> & "co" – é',
    "parameters": {
        "type": "object",
        "properties": {
            "city": CITY,
            "days": {"type": "integer", "default": 3},
            "unit": {"type": "string", "enum": ["c", "f"], "default": "c"},
        },
        "required": ["city"],
    },
}
SEARCH = {
    "name": "search",
    "description": "Search",
    "parameters": {
        "type": "object",
        "properties": {
            "terms": {"type": "array", "items": {"type": "string"}},
            "ranges": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
            "filter": {
                "type": "object",
                "properties": {"a": {"type": "boolean"}, "b": {"type": "string", "nullable": True}},
                "required": ["a"],
            },
            "either": {"oneOf": [{"type": "string"}, {"type": "number", "default": 1.5}]},
            "union": {"type": ["string", "null"]},
            "any": {},
        },
    },
}
PING = {"name": "ping", "description": "Ping", "parameters": {"type": "object", "properties": {}}}
TOOLS = [{"type": "function", "function": WEATHER}]
MORE_TOOLS = [{"type": "function", "function": f} for f in (WEATHER, SEARCH, PING)]
ARGUMENTS = {"city": "Zürich", "days": 2, "exact": True, "x": None, "f": 1.5}
CALL = {
    "id": "abcdef123",
    "type": "function",
    "function": {"name": "get_weather", "arguments": ARGUMENTS},
}
UNICODE = (
    "  Grüße 你好 🤖👩‍💻 \u00a0\u200b \\n 'q' \"dq\" <b>&amp;</b> {{ 7*7 }} {% if true %}x{% endif %}"
    " {# c #} $1 \\1\t\r\nline2\n\n "
)
CHAT = [system("You are terse."), user("Hi"), assistant("Hello!"), user("What is 2+2?")]
THINKING = [
    user("Q1"),
    assistant("<think>\nsome thought\n</think>\n\nAnswer 1\n"),
    user("Q2"),
    assistant("<think>t2</think>A2"),
    user("Q3"),
]
PARTS = [{"type": "text", "text": "What is this?"}, {"type": "image"}, {"type": "text", "text": " é"}]
ONE_CALL = [user("Weather?"), assistant("", tool_calls=[CALL]), tool('{"t": 12}')]
TWO_CALLS = [
    system("s"),
    user("Weather?"),
    assistant(None, tool_calls=[CALL, CALL], reasoning_content="hm"),
    tool("12"),
    tool("13", "abcdef124"),
    assistant("It is 12."),
    user("Thx"),
]
SHORT_ID = [user("Weather?"), assistant("", tool_calls=[{**CALL, "id": "1"}]), tool("12", "1")]
REASONED = [
    user("Q1"),
    assistant("A1", reasoning_content="R1"),
    user("Q2"),
    assistant("A2", reasoning_content="R2"),
]


def case(messages, prompt=True, tokens=True, **variables):
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    result = {"messages": messages, "tools": None, "documents": None, "add_generation_prompt": prompt}
    return {**result, **(special if tokens else {}), **variables}


CASES = {
    "user": case([user("Hello, how are you?")]),
    "user_no_prompt": case([user("Hello, how are you?")], prompt=False),
    "system": case([system("You are helpful."), user("Hello")]),
    "system_no_prompt": case([system("You are helpful."), user("Hello")], prompt=False),
    "chat": case(CHAT),
    "chat_ends_with_assistant": case(CHAT + [assistant("4")], prompt=False),
    "chat_without_system": case(CHAT[1:]),
    "unicode": case([system(UNICODE), user(UNICODE), assistant(UNICODE), user(UNICODE)]),
    "blank": case([user(""), assistant("  "), user("\n x \n")]),
    "no_special_tokens": case([user("Hello")], tokens=False),
    "thinking_off": case([system("Be good."), user("Hello")], enable_thinking=False),
    "thinking_off_user": case([user("Hello")], enable_thinking=False),
    "thinking_on": case([user("Hello")], enable_thinking=True),
    "thinking_history": case(THINKING),
    "thinking_history_off": case(THINKING, enable_thinking=False),
    "reasoning": case(REASONED, prompt=False),
    "bad_roles": case([user("a"), user("b"), {"role": "alien", "content": "c"}]),
    "parts": case([user(PARTS)]),
    "tools": case([system("Be good."), user("Weather?")], tools=TOOLS),
    "tools_without_system": case([user("Weather?")], tools=TOOLS),
    "more_tools": case([user("Weather?")], tools=MORE_TOOLS),
    "more_tools_in_system": case([user("Weather?")], tools=MORE_TOOLS, tools_in_user=False),
    "call": case(ONE_CALL, tools=TOOLS),
    "two_calls": case(TWO_CALLS, tools=TOOLS),
    "short_id": case(SHORT_ID, tools=TOOLS),
    "no_messages": case([]),
}


def render(env, source, variables):
    try:
        return {"output": env.from_string(source).render(**variables)}
    except Raised as error:
        return {"raised": str(error)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def write(name, value):
    text = json.dumps(value, ensure_ascii=False, indent=1)
    (HERE / name).write_text(text + "\n", encoding="utf-8")


def main():
    env = environment()
    expected = {}
    for path in sorted((HERE / "templates").glob("*.jinja")):
        source = path.read_text(encoding="utf-8")
        expected[path.name] = {name: render(env, source, case) for name, case in CASES.items()}
    snippets = [{"source": s, **render(env, s, VARIABLES)} for s in SNIPPETS]
    write("cases.json", CASES)
    write("expected.json", expected)
    write("snippets.json", {"variables": VARIABLES, "snippets": snippets})


if __name__ == "__main__":
    main()
