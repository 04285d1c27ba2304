// SPDX-License-Identifier: Apache-2.0
// valijson with RapidJSON on the benchmark's payloads: parsed, and from text. Reads "MILLISECONDS" lines, answers
// "NAME<tab>COUNT<tab>NANOSECONDS" lines and ".".   usage: valijson DATA
#include <rapidjson/document.h>
#include <rapidjson/istreamwrapper.h>

#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <regex>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Payload {
    const valijson::Schema *schema;
    std::string text;
    rapidjson::Document value;
};

long long elapsed(Clock::time_point start)
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

template <typename Pass> void measure(const char *name, long long milliseconds, Pass pass)
{
    const Clock::time_point start = Clock::now();
    long long count = 0;
    long long spent = 0;
    while (spent < milliseconds * 1000000) {
        count += pass();
        spent = elapsed(start);
    }
    std::cout << name << '\t' << count << '\t' << spent << '\n';
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::cerr << "usage: valijson DATA\n";
        return 2;
    }
    std::ifstream file(argv[1]);
    rapidjson::IStreamWrapper stream(file);
    rapidjson::Document events;
    events.ParseStream(stream);
    if (events.HasParseError()) {
        std::cerr << "valijson: " << argv[1] << " is no JSON\n";
        return 1;
    }

    valijson::Validator validator;
    const auto judge = [&](const Payload &payload, const rapidjson::Document &value) {
        valijson::adapters::RapidJsonAdapter target(value);
        if (!validator.validate(*payload.schema, target, nullptr)) {
            std::cerr << "valijson refuses an example\n";
            std::exit(1);
        }
    };
    std::vector<std::unique_ptr<valijson::Schema>> schemas;
    std::vector<Payload> payloads;
    for (const auto &event : events.GetArray()) {
        schemas.push_back(std::make_unique<valijson::Schema>());
        valijson::SchemaParser parser;
        valijson::adapters::RapidJsonAdapter schema(event["schema"]);
        parser.populateSchema(schema, *schemas.back());
        for (const auto &example : event["examples"].GetArray()) {
            Payload payload{schemas.back().get(), example.GetString(), rapidjson::Document()};
            payload.value.Parse(payload.text.c_str());
            try {
                judge(payload, payload.value);
            } catch (const std::regex_error &) { // its regular expressions are of bytes
                std::cerr << "valijson: left out: " << event["name"].GetString()
                          << " has a pattern that it cannot read\n";
                break;
            }
            payloads.push_back(std::move(payload));
        }
    }

    std::string line;
    while (std::getline(std::cin, line)) {
        const long long milliseconds = std::stoll(line);
        measure("valijson", milliseconds, [&] {
            for (const Payload &payload : payloads) {
                judge(payload, payload.value);
            }
            return static_cast<long long>(payloads.size());
        });
        measure("RapidJSON and valijson", milliseconds, [&] {
            for (const Payload &payload : payloads) {
                rapidjson::Document value;
                value.Parse(payload.text.c_str());
                judge(payload, value);
            }
            return static_cast<long long>(payloads.size());
        });
        std::cout << '.' << std::endl;
    }
    return 0;
}
