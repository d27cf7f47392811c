"""The official openai package, and curl, against a server with the model inside: openai_package.py PROGRAM FOLDER."""

import json
import subprocess
import sys

import jsonschema
import openai

from server import Server, check

server = Server(*sys.argv[1:3])
client = openai.OpenAI(base_url=server.base + "/v1", api_key="none", max_retries=0)

check([model.id for model in client.models.list()] == ["built-in"], "openai: models")
whole = client.completions.create(model="built-in", prompt="Once upon a time", max_tokens=20, seed=1, logprobs=2)
check(whole.usage.completion_tokens == 20 and len(whole.choices[0].logprobs.tokens) == 20, "openai: completion")
pieces = client.completions.create(model="built-in", prompt="Once upon a time", max_tokens=20, seed=1, stream=True)
check("".join(piece.choices[0].text for piece in pieces) == whole.choices[0].text, "openai: completion, streamed")
echo = client.completions.create(model="built-in", prompt="Once upon a time", max_tokens=0, echo=True, logprobs=1)
check(echo.choices[0].text == "Once upon a time" and all(p < 0 for p in echo.choices[0].logprobs.token_logprobs),
      "openai: echo with log probabilities")
talk = [{"role": "user", "content": "Tom had a red ball."}]
chat = client.chat.completions.create(model="built-in", messages=talk, max_tokens=20, seed=1, logprobs=True)
stream = client.chat.completions.create(
    model="built-in", messages=talk, max_tokens=20, seed=1, stream=True, stream_options={"include_usage": True})
text, usage = "", None
for chunk in stream:
    usage = chunk.usage or usage
    text += "".join(choice.delta.content or "" for choice in chunk.choices)
check(text == chat.choices[0].message.content and usage.completion_tokens == chat.usage.completion_tokens,
      "openai: chat, whole and streamed with usage")
schema = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer"},
                   "colours": {"type": "array", "items": {"enum": ["red", "blue"]}, "maxItems": 3}},
    "required": ["name", "age", "colours"], "additionalProperties": False}
whole_answers = 0
for seed in range(10):
    made = client.chat.completions.create(
        model="built-in", messages=talk, max_tokens=300, seed=seed,
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}})
    if made.choices[0].finish_reason == "stop":
        jsonschema.validate(json.loads(made.choices[0].message.content), schema)
        whole_answers += 1
check(whole_answers >= 5, f"openai: structured output is valid ({whole_answers} of 10 came to their end)")
tools = [{"type": "function", "function": {"name": "paint", "description": "Paints.", "parameters": schema}}]
call = client.chat.completions.create(
    model="built-in", messages=talk, max_tokens=400, seed=1, tools=tools, tool_choice="required")
called = call.choices[0].message.tool_calls
check(call.choices[0].finish_reason == "length" or called[0].function.name == "paint", "openai: a tool is called")
if called:
    jsonschema.validate(json.loads(called[0].function.arguments), schema)
    back = client.chat.completions.create(
        model="built-in", max_tokens=5,
        messages=talk + [call.choices[0].message, {"role": "tool", "tool_call_id": called[0].id, "content": "done"}])
    check(back.choices[0].finish_reason in ("length", "stop"), "openai: a tool's result is read")
check(len(client.embeddings.create(model="built-in", input="a").data[0].embedding) == 1024, "openai: embedding")
try:
    client.completions.create(model="built-in", prompt="a", temperature=-1)
    check(False, "openai: a mistake is told")
except openai.BadRequestError as error:
    check(error.param == "temperature", "openai: a mistake is told")

# curl.
answer = subprocess.run(
    ["curl", "-sS", server.base + "/v1/completions", "-d", '{"prompt": "Once", "max_tokens": 5}'],
    capture_output=True, text=True, check=True)
check(json.loads(answer.stdout)["object"] == "text_completion", "curl: completion")
server.kill()
