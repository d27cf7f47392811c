"""lm-eval against /v1/completions with echo and logprobs, on a small task that is made here; and the same questions with
`rwkv evaluate`, which must find the same: lm_eval_task.py PROGRAM FOLDER."""

import json
import os
import shutil
import subprocess
import sys

from server import Server, check, note

program, work = sys.argv[1:3]
questions = [
    ("Once upon a time there was a little", ["girl named Lily.", "tax on imported wine.", "of the and to."], 0),
    ("Tom had a big red", ["are of the.", "ball.", "government."], 1),
    ("The dog wagged its", ["tail.", "spoon.", "very the."], 0),
    ("Mom said, \"Let's go to the", ["because of is.", "theorem.", "park!\""], 2),
    ("Lily was sad because she lost her", ["toy.", "of.", "economy."], 0),
    ("The sun was shining and the birds were", ["invoices.", "singing.", "the a."], 1),
    ("He was hungry, so he ate an", ["apple.", "hammer.", "if then."], 0),
    ("They played together and had lots of", ["senate.", "to be.", "fun."], 2),
    ("The cat climbed up the", ["tree.", "decade.", "with in."], 0),
    ("She said thank you and gave him a big", ["percent.", "hug.", "or it."], 1),
    ("It was time to go to", ["bed.", "carbon.", "they had."], 0),
    ("The bird could fly high in the", ["shoe.", "did of.", "sky."], 2),
    ("Ben opened the box and saw a", ["toy car.", "were not.", "monetary union."], 0),
    ("The little fish swam in the", ["keyboard.", "pond.", "and his."], 1),
    ("One day, Lily and her mom went to the", ["store.", "valence.", "what of."], 0),
    ("He was scared of the big", ["of at.", "footnote.", "dog."], 2),
    # Nobody knows these: which are right is for both to agree on.
    ("Lily liked to eat", ["soup.", "cake.", "apples."], 0),
    ("Tom's favourite colour was", ["green.", "blue.", "red."], 0),
    ("The name of the boy was", ["Jack.", "Tim.", "Peter."], 2),
    ("In the box there was a", ["book about the stars and the moon.", "doll.", "ball."], 0),
    ("After lunch they went to the", ["beach with their mom.", "park.", "zoo."], 2),
    ("The old man was very", ["happy.", "kind.", "tired."], 2),
]

folder = os.path.join(work, "lm-eval")
os.makedirs(folder, exist_ok=True)
lines = [{"context": c, "choices": list(choices), "answer": answer} for c, choices, answer in questions]
data = os.path.join(folder, "questions.jsonl")
with open(data, "w") as file:
    file.writelines(json.dumps(line) + "\n" for line in lines)
# What transformers needs beside the vocabulary to read it.
shutil.copy("Models/tinystories/tokenizer.json", folder)
with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
    json.dump({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>",
               "clean_up_tokenization_spaces": False}, file)
# The mark before a text, with which `rwkv evaluate` begins and the model was trained.
with open(os.path.join(folder, "stories.yaml"), "w") as file:
    file.write(f"""task: stories
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "<|endoftext|>{{{{context}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: answer
metric_list: [{{metric: acc}}, {{metric: acc_norm}}]
metadata: {{version: 1}}
""")

with Server(program, work) as server:
    results = os.path.join(folder, "results")
    arguments = f"model=built-in,base_url={server.base}/v1/completions,tokenizer={folder},tokenizer_backend=huggingface," \
        "num_concurrent=4,max_length=2048"
    run = subprocess.run(
        [sys.executable, "-m", "lm_eval", "--model", "local-completions", "--model_args", arguments, "--tasks", "stories",
         "--include_path", folder, "--batch_size", "2", "--output_path", results],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": folder + "/cache"},
        capture_output=True, text=True)
    if run.returncode != 0:
        note(run.stderr[-3000:])
    check(run.returncode == 0, "lm-eval: local-completions runs")

files = [os.path.join(top, name) for top, _, names in os.walk(results) for name in names if name.startswith("results")]
found = json.load(open(files[0]))["results"]["stories"]
ours = json.loads(subprocess.run(
    [program, "evaluate", "--choices", data, "--json"], check=True, capture_output=True, text=True).stdout)
note(f"lm-eval: acc {found['acc,none']:.4f}, acc_norm {found['acc_norm,none']:.4f}; rwkv evaluate: {json.dumps(ours)}")
check(found["acc,none"] > 0.6, "lm-eval: the questions are answered")
for name, key in [("acc", "accuracy"), ("acc_norm", "normalized_accuracy")]:
    value = ours["choices"][key]
    check(abs(found[name + ",none"] - value) < 1e-9, f"lm-eval: {name} is that of rwkv evaluate")
