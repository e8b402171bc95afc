#pragma once

// Everything a host program needs; the headers of `all` are made by the build, one per folder.
// Firmware includes the headers of its layers alone.
#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <tenon/all/data.hpp>
#include <tenon/all/init.hpp>
#include <tenon/all/layers.hpp>
#include <tenon/all/losses.hpp>
#include <tenon/all/metrics.hpp>
#include <tenon/all/net.hpp>
#include <tenon/all/networks.hpp>
#include <tenon/all/optim.hpp>
#include <tenon/all/train/callbacks.hpp>
#include <tenon/expr/formula.hpp>
#include <tenon/expr/print.hpp>
#include <tenon/model/attention_weights.hpp>
#include <tenon/model/copy_parameters.hpp>
#include <tenon/model/decode.hpp>
#include <tenon/model/generate.hpp>
#include <tenon/model/input_gradient.hpp>
#include <tenon/model/loss_value.hpp>
#include <tenon/model/part.hpp>
#include <tenon/report/heatmap.hpp>
#include <tenon/report/picture.hpp>
#include <tenon/report/plot.hpp>
#include <tenon/text/padding.hpp>
#include <tenon/text/sampling.hpp>
#include <tenon/text/tokenizer.hpp>
#include <tenon/text/windows.hpp>
#include <tenon/train/averaged_model.hpp>
#include <tenon/train/fit.hpp>
#include <tenon/train/measure.hpp>
#include <tenon/train/summary.hpp>
#include <tenon/version.hpp>
