// A trained network, written by Tenon. Not to be edited by hand.
//
//   network       Sequential<Dense<3, 8>, Tanh, Dense<4>, Softmax>
//   parameters    68
//   weight bytes  388
//   RAM bytes     144
//   MACs          56
#pragma once

#include <cstdint>

#include <tenon/edge/self_test.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/net/sequential.hpp>

namespace gesture {

using namespace tenon;

using Net = Sequential<Dense<3, 8>, Tanh, Dense<4>, Softmax>;

/// CRC-32 of the numbers, and of the file they were trained into (0: unknown).
inline constexpr std::uint32_t checksum = 0x92f4da35;
inline constexpr std::uint32_t trained_checksum = 0x00000000;

/// The trained numbers, at the offsets of parameter_table.
inline constexpr Weights<Net> weights{
    .parameters = {
        // 0.weight (8, 3)
        0.14094095F,-0.006588185F,0.0008752573F,0.062211074F,0.066449724F,0.43282524F,0.053230256F,0.11242374F,
        0.19082077F,-0.01021934F,0.5281105F,-0.19771175F,0.13619633F,0.5652858F,-0.4253201F,0.48809594F,0.38051763F,
        -0.5543841F,0.26214826F,0.30537447F,0.21227807F,0.43991366F,0.13472997F,-0.47041732F,0,0,0,0,0,0,0,0,
        // 0.bias (8)
        0.0339852F,-0.009978387F,0.5019289F,-0.060731415F,-0.071482725F,0.50793225F,-0.00021801979F,0.11719128F,0,0,0,0,
        0,0,0,0,
        // 2.weight (4, 8)
        -0.32926652F,0.21371755F,0.20737974F,-0.28017002F,-0.06353863F,-0.2577031F,0.3253118F,-0.02283374F,-0.28654903F,
        -0.1401864F,-0.23147248F,0.19245835F,0.13854922F,-0.2561082F,-0.2153292F,-0.23560984F,-0.20347969F,-0.02917412F,
        -0.1991878F,-0.31971636F,-0.25266594F,-0.27507925F,-0.10501501F,0.0020763185F,0.17342766F,0.29330057F,
        0.20460126F,0.14411287F,-0.23972023F,-0.024947673F,0.16801697F,-0.15441293F,
        // 2.bias (4)
        0.30660278F,-0.09025992F,-0.2560763F,-0.1048835F,0,0,0,0,0,0,0,0,0,0,0,0,
    },
};

/// One sample and what the network gives for it.
inline constexpr SelfTest<Net> self_test{
    .input = {
        // a sample
        0.34100115F,0.2922066F,0.32279444F,
    },
    .output = {
        // its output
        0.3874174F,0.16675234F,0.15325363F,0.2925766F,
    },
};

}  // namespace gesture
