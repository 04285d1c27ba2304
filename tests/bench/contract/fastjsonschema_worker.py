# SPDX-License-Identifier: Apache-2.0
"""fastjsonschema on the benchmark's payloads: parsed, and from text with json.loads. Reads "MILLISECONDS" lines,
answers "NAME<tab>COUNT<tab>NANOSECONDS" lines and ".".   usage: fastjsonschema_worker.py DATA"""
import json
import sys
import time

import fastjsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    events = json.load(file)
# The format that it does not know by itself.
formats = {"uuid": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z"}
validators, texts, values = [], [], []
for event in events:
    validate = fastjsonschema.compile(event["schema"], formats=formats)
    for example in event["examples"]:
        validators.append(validate)
        texts.append(example)
        values.append(json.loads(example))


def parsed():
    for validate, value in zip(validators, values):
        validate(value)
    return len(values)


def from_text():
    for validate, text in zip(validators, texts):
        validate(json.loads(text))
    return len(texts)


for line in sys.stdin:
    for name, run in (("fastjsonschema", parsed), ("json.loads and fastjsonschema", from_text)):
        start = now = time.perf_counter_ns()
        end = start + int(line) * 1000000
        count = 0
        while now < end:
            count += run()
            now = time.perf_counter_ns()
        print(name, count, now - start, sep="\t")
    print(".", flush=True)
