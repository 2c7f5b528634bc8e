#pragma once
// Figures of sales, and a picture of them.

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

// The figures of one item's sale.
struct figures {
    std::string run = {};  // bars of one run stand side by side
    std::string name = {}; // bars of one name have one colour
    int attempts = 0;
    int sold = 0;
    double rate = 0; // purchases a second
    double median_ms = 0;
    double p99_ms = 0;
    std::map<std::string, int> answers = {};
};

inline std::string to_text(const std::map<std::string, int> &answers) {
    std::string text;
    for (const auto &[answer, count] : answers) {
        if (!text.empty()) text += ", ";
        text += answer + ' ' + std::to_string(count);
    }
    return text;
}

// Appends the sales to a file, a line each: run, name, attempts, sold, rate, median, p99, answers,
// separated by tabs. Returns all sales in the file.
inline std::vector<figures> add_figures(const std::string &file, const std::vector<figures> &sales) {
    std::ofstream to(file, std::ios::app);
    for (const auto &one : sales)
        to << one.run << '\t' << one.name << '\t' << one.attempts << '\t' << one.sold << '\t' << one.rate
           << '\t' << one.median_ms << '\t' << one.p99_ms << '\t' << to_text(one.answers) << '\n';
    to.close();
    std::ifstream from(file);
    std::vector<figures> all;
    for (std::string line; std::getline(from, line);) {
        std::istringstream fields(line);
        figures one;
        std::getline(fields, one.run, '\t');
        std::getline(fields, one.name, '\t');
        if (!(fields >> one.attempts >> one.sold >> one.rate >> one.median_ms >> one.p99_ms))
            throw std::runtime_error(file + " is not a file of figures");
        all.push_back(one);
    }
    return all;
}

// The different values of a field, in the order of their first appearance.
inline std::vector<std::string> different(const std::vector<figures> &all, std::string figures::*field) {
    std::vector<std::string> found;
    for (const auto &one : all)
        if (std::ranges::find(found, one.*field) == found.end()) found.push_back(one.*field);
    return found;
}

// Colours that the colour-blind can tell apart (Okabe and Ito). The naive shop is grey.
inline std::string colour_of(const std::string &name, std::size_t place) {
    constexpr std::array colours{"#0072b2", "#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00"};
    return name == "naive" ? "#999999" : colours[place % colours.size()];
}

// Draws rates and latencies side by side, by gnuplot.
inline void draw(const std::vector<figures> &all, const std::string &title, const std::string &file) {
    const auto runs = different(all, &figures::run);
    const auto names = different(all, &figures::name);
    const auto count = static_cast<double>(names.size());
    const double width = 1 / (count + 1);
    const bool is_svg = std::filesystem::path(file).extension() == ".svg";
    std::ostringstream script;
    std::ostringstream rates;
    std::ostringstream latencies;
    std::size_t colour = 0;
    for (std::size_t name = 0; name < names.size(); ++name) {
        const std::string data = "$name" + std::to_string(name);
        const std::string fill = "lc rgb '" + colour_of(names[name], colour) + "'";
        if (names[name] != "naive") ++colour;
        script << data << " << EOD\n";
        for (const auto &one : all)
            if (one.name == names[name])
                script << static_cast<double>(std::ranges::find(runs, one.run) - runs.begin()) +
                              width * (static_cast<double>(name) - (count - 1) / 2)
                       << ' ' << one.rate << ' ' << one.median_ms << ' ' << one.p99_ms << '\n';
        script << "EOD\n";
        const std::string next = name == 0 ? "plot " : ", ";
        rates << next << data << " using 1:2 with boxes " << fill << " title '" << names[name] << "', "
              << data << " using 1:2:(sprintf('%.0f', $2)) with labels offset 0,0.6 font ',9' notitle";
        latencies << next << data << " using 1:4 with boxes fs solid 0.35 " << fill << " notitle, "
                  << data << " using 1:3 with boxes " << fill << " notitle, " << data
                  << " using 1:4:(sprintf('%.3g', $4)) with labels offset 0,0.6 font ',9' notitle";
    }
    std::unique_ptr<FILE, int (*)(FILE *)> plot(popen("gnuplot", "w"), pclose); // NOLINT(cert-env33-c)
    if (!plot) throw std::runtime_error("cannot start gnuplot");
    script
        << "set terminal "
        << (is_svg ? "svg size 1200,500 background rgb 'white'" : "pngcairo size 1200,500")
        << " font 'DejaVu Sans,11'\nset output '" << file << "'\nset multiplot layout 1,2 title \""
        << title << "\" font ',15' offset 0,-0.3\n"
        << "set style fill solid 1.0 noborder\nset boxwidth " << 0.88 * width << '\n'
        << "set border 1 lc rgb '#888888'\nset tics nomirror scale 0\nset grid y lt 1 lw 1 lc rgb '#e4e4e4'\n"
        << "set xrange [-0.6:" << static_cast<double>(runs.size()) - 0.4
        << "]\nset yrange [0:*]\nset offsets 0,0,graph 0.08,0\n"
        << "set lmargin 9\nset bmargin 5\nset key outside bottom center horizontal samplen 1\nset xtics (";
    for (std::size_t run = 0; run < runs.size(); ++run)
        script << (run == 0 ? "" : ", ") << '"' << runs[run] << "\" " << run;
    script << ")\nset title 'Purchases a second'\n"
           << rates.str()
           << "\nset title 'Latency of an attempt, ms: median dark, 99th percentile pale'\n"
           << latencies.str() << '\n';
    (void)std::fputs(script.str().c_str(), plot.get());
    if (pclose(plot.release()) != 0) throw std::runtime_error("gnuplot failed");
}
