import {
  argument,
  ENFORCES,
  findDaemonSet,
  IGNORES,
  imagePath,
  imageTag,
  type Plugin,
  seen,
  UNCLEAR,
} from './plugin.ts';

const IMAGE = /(^|\/)kindnet(d)?$/;
/** kind 0.24 (August 2024) was the first whose kindnet enforces policies. The tag begins with the date. */
const FIRST_DAY = 20240730;

/** kindnet, the network of kind clusters. */
export const kindnet: Plugin = {
  name: 'kindnet',
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['kindnet'], IMAGE);
    if (found === undefined) return undefined;
    if (argument(found, '--network-policy') === 'false') {
      return seen('kindnet', 'network', found, IGNORES, 'with --network-policy=false');
    }
    const image = found.images.find((each) => IMAGE.test(imagePath(each))) ?? '';
    const day = Number(/^v(\d{8})(-|$)/.exec(imageTag(image))?.[1]);
    if (day >= FIRST_DAY || /^v?[1-9]\d?\./.test(imageTag(image))) {
      return seen('kindnet', 'policy', found, ENFORCES, 'which enforces ingress and egress policies');
    }
    if (day < FIRST_DAY) {
      return seen(
        'kindnet',
        'network',
        found,
        IGNORES,
        `of version ${imageTag(image)}, a network without policy`,
        ['Make the kind cluster anew with kind 0.24 or later.'],
      );
    }
    return seen(
      'kindnet',
      'policy',
      found,
      UNCLEAR,
      'which enforces policies from August 2024 on; its version is not known',
    );
  },
};
