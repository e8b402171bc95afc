// Layers one by one as ONNX files.
#include "export_onnx_rig.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("activations export as the operator, or as what they are made of") {
  const auto one = [](const importing::Graph& graph, std::string_view op) {
    CHECK(graph.nodes.size() == 1);
    CHECK(count(graph, op) == 1);
  };
  one(check<Vector<ReLU>>("relu"), "Relu");
  one(check<Vector<ReLU6>>("relu6"), "Clip");
  one(check<Vector<Sigmoid>>("sigmoid"), "Sigmoid");
  one(check<Vector<Tanh>>("tanh"), "Tanh");
  one(check<Vector<Softplus>>("softplus"), "Softplus");
  one(check<Vector<Softsign>>("softsign"), "Softsign");
  one(check<Vector<HardSwish>>("hard_swish"), "HardSwish");
  one(check<Vector<HardSigmoid>>("hard_sigmoid"), "HardSigmoid");
  one(check<Vector<HardTanh<>>>("hard_tanh"), "Clip");
  one(check<Vector<LeakyReLU<0.2>>>("leaky_relu"), "LeakyRelu");
  one(check<Vector<ELU<0.7>>>("elu"), "Elu");
  one(check<Vector<CELU<1.3>>>("celu"), "Celu");
  one(check<Vector<SELU>>("selu"), "Selu");
  one(check<Vector<Softmax>>("softmax"), "Softmax");
  one(check<Steps<LogSoftmax>>("log_softmax"), "LogSoftmax");
  check<Image<Softmax>>("softmax_image");
  check<Vector<GELU>>("gelu");
  check<Vector<GELUTanh>>("gelu_tanh");
  check<Vector<SiLU>>("silu");
  check<Vector<Mish>>("mish");
  check<Vector<LogSigmoid>>("log_sigmoid");
  check<Vector<Tanhshrink>>("tanhshrink");
  check<Vector<PReLU<>>>("prelu");
  check<Image<PReLU<PerFeature>>>("prelu_image");
  check<Vector<GLU>>("glu");
  check<Steps<SwiGLU>>("swiglu");
}

TEST_CASE("formulas export as they are written") {
  check<Vector<Map<x * sigmoid(x) + param<"shift", PerFeature, Ones>>>>("formula_parameter");
  check<Steps<Map<(x - mean(x)) / sqrt(variance(x) + 1e-5) * param<"weight", PerFeature, Ones>>>>("formula_norm");
  check<Vector<Map<sigmoid(matmul(x, param<"W", Shape<6, 4>, Ones>) + param<"b", Shape<4>>)>>>("formula_product");
  check<Vector<Map<select((x > 0.25), exp(-x), abs(x)) + (x < 0)>>>("formula_condition");
  check<Vector<Map<max(x) - x * min(x) + sum(x * x)>>>("formula_rows");
  check<Vector<Map<param<"w", PerFeature, Ones> + mean(x)>>>("formula_no_x");
  check<Image<Map<x * param<"scale", PerFeature, Ones> + 1>>>("formula_channels");
  check<Image<Map<x / (1 + sum(x * x)) * param<"scale", PerFeature, Ones>>>>("formula_image");
  check<Vector<Map<sin(x) * cos(x) + pow(abs(x) + 1, 1.5) - expm1(x) + softplus(x) + sign(x)>>>("formula_functions");
  check<Vector<Map<x * feature_index / features>>>("formula_places");
  check<Vector<Dense<8>, Dropout<0.5>, Dense<2>>>("dropout");
}

TEST_CASE("normalisations export with their running statistics") {
  CHECK(count(check<Image<BatchNorm2D<>, ReLU>>("batch_norm_2d"), "BatchNormalization") == 1);
  check<Image<BatchNorm2D<affine<false>, epsilon<1e-3>>>>("batch_norm_plain");
  check<Signal<BatchNorm1D<>>>("batch_norm_signal");
  check<Vector<BatchNorm1D<bias<false>>>>("batch_norm_vector");
  CHECK(count(check<Vector<LayerNorm<>>>("layer_norm"), "LayerNormalization") == 1);
  check<Steps<LayerNorm<affine<false>>>>("layer_norm_steps");
  check<Image<LayerNorm<>>>("layer_norm_image");
  check<Steps<RMSNorm<>>>("rms_norm");
  check<Image<GroupNorm<2>>>("group_norm");
  check<Image<GroupNorm<4, affine<false>>>>("group_norm_plain");
  check<Image<InstanceNorm<>>>("instance_norm");
  check<Vector<L2Normalize<>>>("l2_normalize");
}

TEST_CASE("convolutions and pools export with their windows") {
  CHECK(count(check<Image<Conv2D<6, 3>, ReLU>>("conv"), "Conv") == 1);
  check<Image<Conv2D<6, 3, stride<2>, padding<1>, bias<false>>>>("conv_stride");
  check<Image<Conv2D<4, kernel<2, 4>, padding<same>>>>("conv_same_even");
  check<Image<Conv2D<8, 3, groups<4>, dilation<2>, padding<2>>, HardSwish>>("conv_depthwise");
  check<Signal<Conv1D<6, 4, stride<3>, padding<1>>>>("conv_1d");
  check<Image<ConvTranspose2D<3, 3, stride<2>, padding<1>, output_padding<1>>>>("conv_transpose");
  check<Image<ConvTranspose2D<4, kernel<2, 3>, groups<2>>>>("conv_transpose_groups");
  check<Signal<ConvTranspose1D<3, 4, stride<2>>>>("conv_transpose_1d");
  check<Image<MaxPool2D<2>>>("max_pool");
  check<Image<MaxPool2D<3, stride<2>, padding<1>>>>("max_pool_padding");
  check<Signal<MaxPool1D<3, dilation<2>, stride<1>>>>("max_pool_1d");
  check<Image<AvgPool2D<2>>>("avg_pool");
  check<Image<AvgPool2D<3, stride<2>, padding<1>>>>("avg_pool_counted");
  check<Image<AvgPool2D<3, stride<2>, padding<1>, count_include_pad<false>>>>("avg_pool_padding");
  check<Signal<AvgPool1D<2>>>("avg_pool_1d");
  check<Image<AdaptiveAvgPool2D<3, 4>>>("adaptive_pool");
  check<Image<GlobalAvgPool>>("global_avg_pool");
  check<Signal<GlobalMaxPool>>("global_max_pool");
  check<Image<Upsample<2>>>("upsample");
  check<Image<Upsample<2, 3, bilinear>>>("upsample_bilinear");
  check<Signal<Upsample<3>>>("upsample_signal");
  check<Image<ZeroPad2D<1, 2, 0, 3>>>("zero_pad");
  check<Signal<ZeroPad1D<2, 1>>>("zero_pad_signal");
}

TEST_CASE("what moves numbers exports") {
  check<Image<Flatten, Reshape<2, 144>, Permute<1, 0>>>("reshape");
  check<Image<Permute<2, 0, 1>>>("permute");
  check<Image<Slice<1, 2, -1>, Slice<-1, 3>>>("slice");
  check<Image<Select<0, -1>>>("select");
  check<Vector<Select<0, 2>>>("select_vector");
  check<Steps<Take<0, 3, 0, -1>>>("take");
  check<Steps<MeanSteps>>("mean_steps");
  check<Steps<Last>>("last");
  check<Vector<RepeatVector<3>>>("repeat_vector");
  check<Image<Dropout2D<0.5>, Identity>>("nothing");
}
